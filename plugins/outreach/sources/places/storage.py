"""Object stores (S3, Azure Blob Storage), through the filesystem that Airflow opens.

`s3://bucket/folder/*.csv` or `abfs://container@account/folder/*.csv`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from outreach.errors import Fault
from outreach.sources.places.base import MAX_BYTES, Copy, Found, Reach, Unreachable, file_name
from outreach.sources.places.local import unfinished

_NO_KEY = frozenset({"NoCredentialsError", "ClientAuthenticationError", "CredentialUnavailable"})
_BLOCK = 1 << 20
_PATTERN = frozenset("*?[")


class StoragePlace:
    """What a URL of an object store names: one object, or all that a pattern fits."""

    def __init__(self, source: str, url: str, connection: str, reach: Reach) -> None:
        self._source = source
        self._url = url
        self._connection = connection
        self._reach = reach
        self._files: Any = None

    def look(self) -> tuple[Found, ...]:
        """Return what is there now, the oldest first. Raises Unreachable."""
        path = self._inside()
        try:
            # Listings are remembered by the filesystem, and this process may live for days.
            self._opened().invalidate_cache()
            about = self._listed(path)
        except FileNotFoundError:
            if _PATTERN.isdisjoint(path):
                raise self._nothing() from None
            return ()
        except Exception as error:  # each store has its own errors
            raise self._away(error) from None
        found = [_found(one) for one in about if one.get("type") == "file"]
        if not found and _PATTERN.isdisjoint(path):
            raise self._nothing()
        kept = [one for one in found if not unfinished(one.name)]
        long_ago = datetime.min.replace(tzinfo=UTC)
        return tuple(sorted(kept, key=lambda one: (one.modified or long_ago, one.name)))

    def fetch(self, found: Found, folder: Path, cursor: str) -> Copy:
        """Bring one object into `folder`. Raises Unreachable."""
        target = folder / file_name(found.name, self._source)
        if found.size > MAX_BYTES:
            said = f"larger than {MAX_BYTES >> 20} MB, the most that is fetched"
            raise Unreachable(Fault(said, found.name))
        try:
            with self._opened().open(found.key, "rb") as there, target.open("wb") as here:
                while block := there.read(_BLOCK):
                    here.write(block)
                    if here.tell() > found.size:
                        break
        except Exception as error:  # each store has its own errors
            raise self._away(error) from None
        if target.stat().st_size != found.size:
            said = "it was changed while it was fetched; it comes with the next pull"
            raise Unreachable(Fault(said, self._source))
        return Copy(target)

    def _opened(self) -> Any:
        if self._files is None:
            # Without what stands before or after an @: Airflow would take it for a connection.
            scheme = self._url.partition("://")[0]
            bucket = self._inside().partition("/")[0]
            self._files = self._reach.storage(f"{scheme}://{bucket}", self._connection)
        return self._files

    def _listed(self, path: str) -> list[dict[str, Any]]:
        files = self._opened()
        if _PATTERN.isdisjoint(path):
            return [files.info(path)]
        found = list(files.glob(path, detail=True).values())
        if not found:
            self._must_be_there(path.partition("/")[0])
        return found

    def _must_be_there(self, bucket: str) -> None:
        """Raise where a search found nothing because it may not look, or there is no bucket."""
        try:
            self._opened().ls(bucket)
        except FileNotFoundError:
            said = f"there is no bucket or container “{bucket}”; check the path in sources.yaml"
            raise Unreachable(Fault(said, self._source)) from None

    def _inside(self) -> str:
        parts = urlsplit(self._url, allow_fragments=False)
        bucket = parts.netloc.partition("@")[0]  # abfs names the account after the container
        return f"{bucket}{parts.path}"

    def _away(self, error: Exception) -> Unreachable:
        if isinstance(error, Unreachable):
            return error
        named = f"the Airflow connection “{self._connection or '(default)'}”"
        if isinstance(error, PermissionError) or type(error).__name__ in _NO_KEY:
            said = f"{self._url.partition('://')[0]} storage refused us; check the key in {named}"
            return Unreachable(Fault(f"{said}, and what it may read", self._source))
        if isinstance(error, FileNotFoundError):
            return self._nothing()
        # Only its kind: an object's name or a key may stand in its text.
        said = f"{self._url.partition('://')[0]} storage answered with {type(error).__name__}"
        return Unreachable(Fault(f"{said}; check the path and {named}", self._source))

    def _nothing(self) -> Unreachable:
        said = "there is no such file; check bucket (or container) and name in sources.yaml"
        return Unreachable(Fault(said, self._source))


def _found(about: dict[str, Any]) -> Found:
    key, size = str(about["name"]), int(about.get("size") or 0)
    when = about.get("LastModified") or about.get("last_modified")
    modified = when if isinstance(when, datetime) else None
    tag = about.get("ETag") or about.get("etag") or ""
    known = [str(tag), str(size), modified.isoformat() if modified else ""]
    return Found(key, key.rpartition("/")[2], "|".join(known), modified, size)

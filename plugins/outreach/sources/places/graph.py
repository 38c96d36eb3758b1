"""A workbook in SharePoint or OneDrive, by Microsoft Graph through the Airflow provider.

`msgraph://sites/<host>/sites/<site>/<path in its documents>` or
`msgraph://drives/<drive id>/<path>`. Airflow's hook asks Graph what the file is; its content
comes from the short-lived address that Graph names, which needs no further log-in.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from outreach.errors import Fault
from outreach.sources.places.base import MAX_BYTES, Copy, Found, Reach, Unreachable, file_name
from outreach.sources.places.http import Web

_DOWNLOAD = "@microsoft.graph.downloadUrl"


class GraphPlace:
    """One file in a drive."""

    def __init__(self, source: str, url: str, connection: str, reach: Reach) -> None:
        self._source = source
        self._item = _item(url.partition("://")[2], source)
        self._connection = connection
        self._reach = reach
        self._content = ""

    def look(self) -> tuple[Found, ...]:
        """Return the file, if it is there. Raises Unreachable."""
        about = self._reach.graph(self._item, self._connection)
        if not about:
            raise self._fault("there is no such file; check its path, and that the app may read it")
        if "file" not in about:
            raise self._fault("this is a folder; name the workbook in it")
        self._content = str(about.get(_DOWNLOAD) or "")
        size = int(about.get("size") or 0)
        # The tag of the content: renaming or sharing a file does not change it.
        mark = str(about.get("cTag") or about.get("eTag") or "")
        changed = about.get("lastModifiedDateTime")
        modified = datetime.fromisoformat(str(changed)) if changed else None
        return (Found(self._item, str(about.get("name") or "workbook"), mark, modified, size),)

    def fetch(self, found: Found, folder: Path, cursor: str) -> Copy:
        """Bring the file into `folder`. Raises Unreachable."""
        if found.size > MAX_BYTES:
            raise self._fault(f"larger than {MAX_BYTES >> 20} MB, the most that is fetched")
        if not self._content:
            raise self._fault("Graph names no address for its content; it may be blocked or a scan")
        target = folder / file_name(found.name, "workbook")
        with Web(self._source) as web:
            web.save(self._content, target)
        return Copy(target)

    def _fault(self, said: str) -> Unreachable:
        return Unreachable(Fault(said, self._source))


def _item(path: str, source: str) -> str:
    kind, _, rest = path.partition("/")
    parts = [quote(part, safe="") for part in rest.split("/") if part]
    if kind == "drives" and len(parts) >= 2:
        return f"drives/{parts[0]}/root:/{'/'.join(parts[1:])}"
    if kind == "sites" and len(parts) >= 4:
        host, kind, site, *inside = parts
        return f"sites/{host}:/{kind}/{site}:/drive/root:/{'/'.join(inside)}"
    said = (
        "write the workbook as msgraph://sites/example.sharepoint.com/sites/TeamName/Folder/"
        "answers.xlsx, or as msgraph://drives/DRIVE-ID/Folder/answers.xlsx"
    )
    raise Unreachable(Fault(said, source))

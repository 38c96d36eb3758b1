"""Which Amazon SES account, region and keys: from our own settings, or from AWS's usual chain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outreach.errors import ConfigError, NotSent
from outreach.providers.base import Note
from outreach.settings import Settings, is_loopback

if TYPE_CHECKING:
    from botocore.credentials import Credentials, ReadOnlyCredentials

REGION = "OUTREACH_SES_REGION"
KEY_ID = "OUTREACH_SES_ACCESS_KEY_ID"
SECRET = "OUTREACH_SES_SECRET_ACCESS_KEY"  # noqa: S105 - a name
CONFIGURATION_SET = "OUTREACH_SES_CONFIGURATION_SET"
BASE_URL = "OUTREACH_SES_BASE_URL"

_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d{1,2}")
_SET = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PATH = "/v2/email/outbound-emails"
_SERVICE = "ses"
_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class Account:
    """Where messages are posted, and who signs the posts."""

    url: str
    region: str
    configuration_set: str
    credentials: Credentials = field(repr=False)

    def keys(self) -> ReadOnlyCredentials:
        """Return the keys as they are now; those of a role are renewed. Raises NotSent."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return self.credentials.get_frozen_credentials()
        except (BotoCoreError, ClientError) as error:
            kind = type(error).__name__
            raise NotSent(f"AWS gave no keys to sign with ({kind})", retry_after=_WAIT) from None

    def signed(self, body: bytes, keys: ReadOnlyCredentials) -> dict[str, str]:
        """Return the headers of one post, signed with Signature Version 4.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
        """
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        headers = {"Content-Type": "application/json"}
        request = AWSRequest("POST", self.url, headers=headers, data=body)
        SigV4Auth(keys, _SERVICE, self.region).add_auth(request)
        return dict(request.headers.items())


def account(settings: Settings) -> Account:
    """Return the account that the settings name. Raises ConfigError, naming what is missing.

    Nothing of AWS is imported before: Airflow reads DAG files often, and this costs 0.1 s.
    """
    import botocore.session
    from botocore.exceptions import BotoCoreError

    given = settings.given
    try:
        session = botocore.session.Session()
        region = given.get(REGION) or session.get_config_variable("region") or ""
        if not _REGION.fullmatch(region):
            raise ConfigError(f"no AWS region: set {REGION}, such as eu-west-2")
        credentials = _credentials(given.get(KEY_ID, ""), given.get(SECRET, ""), session)
    except BotoCoreError as error:
        # The error's own text names a profile or a file; never a key.
        raise ConfigError(f"AWS's own configuration cannot be read: {error}") from None
    named = given.get(CONFIGURATION_SET, "")
    if named and not _SET.fullmatch(named):
        raise ConfigError(f"{CONFIGURATION_SET} is not the name of a configuration set")
    return Account(_base(settings, region) + _PATH, region, named, credentials)


def notes(settings: Settings) -> Iterator[Note]:
    """Yield what there is to know of the settings for Amazon SES."""
    given = settings.given
    own = settings.origin(KEY_ID) if given.get(KEY_ID) else "AWS's own chain"
    yield Note("SES keys", f"from {own}")
    if BASE_URL in given:
        yield Note("SES address", given[BASE_URL], "not Amazon's")
    if CONFIGURATION_SET not in given:
        advice = f"set {CONFIGURATION_SET}: without it SES reports no events"
        yield Note("SES configuration set", "none", advice)


def _credentials(key_id: str, secret: str, session: object) -> Credentials:
    from botocore.credentials import Credentials

    if bool(key_id) != bool(secret):
        raise ConfigError(f"set both {KEY_ID} and {SECRET}, or neither")
    if not all(text.isascii() and text.isprintable() for text in (key_id, secret)):
        raise ConfigError(f"{KEY_ID} or {SECRET} holds characters that no key has")
    found = Credentials(key_id, secret) if key_id else session.get_credentials()  # type: ignore[attr-defined]
    if found is None:
        raise ConfigError(
            f"no AWS keys: set {KEY_ID} and {SECRET}, the connection aws_default, or let AWS's "
            "own chain find some (a role, AWS_ACCESS_KEY_ID, a profile)"
        )
    return found


def _base(settings: Settings, region: str) -> str:
    """Return SES's address in that region, or the one that is set instead."""
    address = settings.given.get(BASE_URL, "").rstrip("/")
    if not address:
        return f"https://email.{region}.amazonaws.com"
    clear = not settings.production or is_loopback(address)
    schemes = ("https", "http") if clear else ("https",)
    if _scheme(address) not in schemes:
        raise ConfigError(
            f"{BASE_URL} is not an {' or '.join(schemes)} address; production needs https"
        )
    return address


def _scheme(address: str) -> str:
    """Return the scheme of an address of a host and no more; '' for anything else."""
    try:
        parts = urlsplit(address)
        whole = parts.hostname and (parts.port or True) and not parts.query and not parts.username
    except ValueError:
        return ""
    return parts.scheme if whole and address.isascii() and address.isprintable() else ""

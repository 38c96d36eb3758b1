"""Environment -> Settings, when called and never at import.

Every name here is documented in docs/operations.md; a test compares the two.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from outreach.domain import Mailbox
from outreach.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: where hub.yaml, templates/ and contacts/ stand."""

PREFIX = "OUTREACH_"
"""How the name of every setting begins."""

SENDGRID_URL = "https://api.sendgrid.com"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a deployment may set; see docs/operations.md for each."""

    home: Path
    root: Path = ROOT
    env: str = "development"
    database_url: str = ""
    journal: Path = Path()
    provider: str = "outbox"
    allowed_recipients: tuple[str, ...] = ()
    sendgrid_api_key: str = field(default="", repr=False)
    sendgrid_base_url: str = SENDGRID_URL
    smtp_url: str = field(default="", repr=False)
    dkim_selector: str = ""
    dkim_key: str = ""
    dkim_domain: str = ""
    smtp_connections: str = "8"
    smtp_return_path: str = ""
    smtp_helo: str = ""
    sender: Mailbox | None = None
    reply_to: Mailbox | None = None
    public_url: str = "http://localhost:8090"
    webhook_keys: tuple[str, ...] = ()
    token_keys: str = field(default="", repr=False)
    address_key: str = field(default="", repr=False)
    campaigns: tuple[Path, ...] = ()
    cli_approval: bool = False
    given: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Every OUTREACH_... setting as it was given, for a provider's file to read its own."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Setting -> where its value came from: `environment`, `AIRFLOW_CONN_...`, a connection,
    or `default`. Shown by `outreach doctor`."""

    @property
    def production(self) -> bool:
        """Whether this deployment may write to people outside an allow-list."""
        return self.env == "production"

    def with_connections(self, values: Mapping[str, str], origin: str) -> Settings:
        """Return settings in which connection `values` win, noting `origin`.

        They go by the name of a field, or by that of a setting which a provider's file reads.
        The latter only fill in what is not given: such a connection may serve other things too.
        """
        known = {k: v for k, v in values.items() if v and k not in self.given}
        given = {k: v for k, v in known.items() if k.startswith(PREFIX)}
        fields = {k: v for k, v in known.items() if k not in given}
        origins = {**self.origins, **dict.fromkeys(known, origin)}
        given = {**self.given, **given}
        return replace(self, **fields, given=given, origins=origins)  # type: ignore[arg-type]

    def origin(self, name: str) -> str:
        """Return where the value of a field, or of a setting by its whole name, came from."""
        return self.origins.get(name) or self.origins.get(f"{PREFIX}{name.upper()}", "default")


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environ` (default: the process's environment).

    Raises ConfigError where a value makes no sense.
    """
    env = os.environ if environ is None else environ
    home = _home(env)
    kind = env.get("OUTREACH_ENV", "") or "development"
    if kind not in ("development", "production"):
        raise ConfigError(f"OUTREACH_ENV is {kind!r}; say development or production")
    given = {name: env[name] for name in env if name.startswith(PREFIX) and env[name]}
    settings = Settings(
        home=home,
        env=kind,
        database_url=env.get("OUTREACH_DATABASE_URL", "") or f"sqlite:///{home}/outreach.db",
        journal=Path(env.get("OUTREACH_JOURNAL", "") or home / "claims.journal"),
        provider=env.get("OUTREACH_PROVIDER", "") or "outbox",
        allowed_recipients=listed(env.get("OUTREACH_ALLOWED_RECIPIENTS", "")),
        sendgrid_api_key=env.get("OUTREACH_SENDGRID_API_KEY", ""),
        sendgrid_base_url=env.get("OUTREACH_SENDGRID_BASE_URL", "") or SENDGRID_URL,
        smtp_url=env.get("OUTREACH_SMTP_URL", ""),
        dkim_selector=env.get("OUTREACH_DKIM_SELECTOR", ""),
        dkim_key=env.get("OUTREACH_DKIM_KEY", ""),
        dkim_domain=env.get("OUTREACH_DKIM_DOMAIN", ""),
        smtp_connections=env.get("OUTREACH_SMTP_CONNECTIONS", "") or "8",
        smtp_return_path=env.get("OUTREACH_SMTP_RETURN_PATH", ""),
        smtp_helo=env.get("OUTREACH_SMTP_HELO", ""),
        sender=_mailbox("OUTREACH_FROM", env.get("OUTREACH_FROM", "")),
        reply_to=_mailbox("OUTREACH_REPLY_TO", env.get("OUTREACH_REPLY_TO", "")),
        public_url=(env.get("OUTREACH_PUBLIC_URL", "") or "http://localhost:8090").rstrip("/"),
        webhook_keys=listed(env.get("OUTREACH_SENDGRID_WEBHOOK_KEYS", "")),
        token_keys=env.get("OUTREACH_TOKEN_KEYS", ""),
        address_key=env.get("OUTREACH_ADDRESS_KEY", ""),
        campaigns=_campaign_paths(env.get("OUTREACH_CAMPAIGNS", "")),
        cli_approval=env.get("OUTREACH_CLI_APPROVAL", "").lower() in ("1", "true", "yes"),
        given=given,
        origins=dict.fromkeys(given, "environment"),
    )
    return _from_airflow_variables(settings, env)


def is_loopback(address: str) -> bool:
    """Whether a URL leads to this machine, so that what it carries crosses no network."""
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _home(env: Mapping[str, str]) -> Path:
    named = Path(env.get("OUTREACH_HOME", "") or ".outreach")
    return named if named.is_absolute() else ROOT / named


def _campaign_paths(value: str) -> tuple[Path, ...]:
    named = [Path(p) for p in value.split(os.pathsep) if p.strip()]
    paths = named or [Path("templates/campaigns")]
    return tuple(p if p.is_absolute() else ROOT / p for p in paths)


def listed(value: str) -> tuple[str, ...]:
    """Return the parts of a setting that lists several, with commas between."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _mailbox(name: str, value: str) -> Mailbox | None:
    if not value.strip():
        return None
    shown, address = parseaddr(value)
    if "@" not in address:
        raise ConfigError(f'{name} is not an address; write: "NCL Training Hub <news@example.org>"')
    return Mailbox(address, shown)


def _from_airflow_variables(settings: Settings, env: Mapping[str, str]) -> Settings:
    """Fall back on AIRFLOW_CONN_* where no OUTREACH_* setting is given."""
    from outreach.connections import CONNECTIONS  # a leaf; see its docstring

    for name, fields in CONNECTIONS.items():
        variable = f"AIRFLOW_CONN_{name.upper()}"
        if env.get(variable):
            found = fields(env[variable])
            missing = {k: v for k, v in found.items() if not _given(k, env)}
            settings = settings.with_connections(missing, variable)
    return settings


def _given(field_name: str, env: Mapping[str, str]) -> bool:
    whole = field_name if field_name.startswith(PREFIX) else f"{PREFIX}{field_name.upper()}"
    return bool(env.get(whole))

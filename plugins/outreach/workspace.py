"""What every flow works with: settings, keys, the hub, and the ledger, opened together."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from outreach.errors import ConfigError, InputError
from outreach.hub import Hub, load_hub, nameless_hub
from outreach.keys import Keys, load_keys
from outreach.ledger.engine import open_engine
from outreach.ledger.migrate import upgrade
from outreach.settings import Settings, load_settings


@dataclass(frozen=True, slots=True)
class Workspace:
    """One deployment, open for work. Cheap to pass around; open it once per process."""

    settings: Settings
    keys: Keys
    hub: Hub
    engine: sa.Engine


def make_home(settings: Settings) -> None:
    """Make OUTREACH_HOME. Raises ConfigError where that cannot be."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"OUTREACH_HOME ({settings.home}) cannot be made ({error.strerror}); name a folder "
            "that this user may write to"
        ) from None


def open_workspace(settings: Settings | None = None) -> Workspace:
    """Open the deployment that `settings` (default: the environment's) describe.

    Brings the ledger's tables up to date. Raises ConfigError or InputError where something
    is missing, saying what to mend.
    """
    settings, keys, engine = _opened(settings)
    return Workspace(settings, keys, load_hub(settings.root / "hub.yaml"), engine)


def open_to_halt(settings: Settings | None = None) -> Workspace:
    """Open the deployment for orders that only hold or end what is being sent.

    As `open_workspace`, but a brake must work while hub.yaml is broken: the hub is then nameless.
    """
    settings, keys, engine = _opened(settings)
    try:
        hub = load_hub(settings.root / "hub.yaml")
    except InputError:
        hub = nameless_hub()
    return Workspace(settings, keys, hub, engine)


def _opened(settings: Settings | None) -> tuple[Settings, Keys, sa.Engine]:
    settings = settings or load_settings()
    make_home(settings)
    keys = load_keys(settings)
    engine = open_engine(settings.database_url)
    upgrade(engine, keys)
    return settings, keys, engine

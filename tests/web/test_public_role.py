"""On PostgreSQL the public app has a role of its own: it can do its work with it, and no more."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from tests.fakes.deployment import CONTENT
from tests.fakes.ledger import Ledger, ledger

from outreach.cli import main
from outreach.domain import DeliveryState
from outreach.errors import ConfigError
from outreach.flows.events import store_raw, unsubscribe, unsubscribe_address
from outreach.flows.images import image
from outreach.flows.preferences import choose
from outreach.flows.public_role import grant_to_public
from outreach.flows.viewing import view
from outreach.keys import UNSUBSCRIBE, VIEW
from outreach.ledger.editions import delivery
from outreach.ledger.engine import open_engine, reading
from outreach.ledger.grants import PUBLIC, statements
from outreach.ledger.migrate import upgrade
from outreach.ledger.people import basis, contact

__all__ = ["ledger"]


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """Only PostgreSQL has roles."""
    return postgres_url


@pytest.fixture
def role(postgres_admin: Callable[[str], None]) -> str:
    name = f"public_{uuid.uuid4().hex[:8]}"
    postgres_admin(f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
    return name


@pytest.fixture
def public(ledger: Ledger, role: str) -> Iterator[Any]:
    """The workspace as the public app opens it, in its own role."""
    owner = ledger.ws
    upgrade(owner.engine, owner.keys)
    grant_to_public(owner, role)
    url = make_url(owner.settings.database_url).set(username=role, password="x")
    engine = open_engine(url.render_as_string(hide_password=False))
    yield SimpleNamespace(**{**vars(owner), "engine": engine})
    engine.dispose()
    with owner.engine.begin() as c:
        c.exec_driver_sql(f"DROP OWNED BY {role}")


def everything_it_does(ledger: Ledger, ws: Any, edition_id: int) -> None:
    upgrade(ws.engine, ws.keys)
    for person in range(3):
        delivery_id = ledger.delivery_id(edition_id, person)
        view(ws, ws.keys.sign(VIEW, delivery_id))
        token = ws.keys.sign(UNSUBSCRIBE, delivery_id)
        choose(ws, token, mail="fewer", clicks="yes")
        choose(ws, token, mail="keep", clicks="no")
        unsubscribe(ws, token)
    unsubscribe_address(ws, f"{uuid.uuid4().hex}@example.org")
    store_raw(ws, "sendgrid", b"[]")
    assert image(ws, "0" * 32 + ".png") is None


def anew(ledger: Ledger) -> None:
    """Nobody has chosen anything; one consented to all mail, and one to one purpose."""
    with ledger.ws.engine.begin() as c:
        c.exec_driver_sql("TRUNCATE suppression, tracking_choice, basis")
        c.execute(sa.update(contact).values(tracking_consent=False))
        c.execute(sa.update(delivery).values(crossed_at=None, unsubscribed_at=None))
        for person, purpose in ((0, ""), (1, "direct_marketing")):
            c.execute(
                sa.insert(basis).values(
                    contact_id=ledger.contact_id(person), kind="consent", purpose=purpose,
                    evidence="form", recorded_at=sa.func.now())
            )  # fmt: skip


FORBIDDEN = (
    "SELECT email FROM contact",
    "SELECT first_name FROM contact",
    "UPDATE contact SET email = 'x'",
    "UPDATE suppression SET lifted_at = now()",
    "DELETE FROM suppression",
    "UPDATE delivery SET state = 'planned'",
    "UPDATE batch SET state = 'planned'",
    "INSERT INTO contact (id) VALUES (1)",
    "SELECT * FROM audit",
    "SELECT * FROM statement",
    "SELECT body FROM raw_event",
    "SELECT * FROM pledge",
    "UPDATE fact SET value = ''",
    "CREATE TABLE mine (x int)",
)


def test_the_public_app_does_all_its_work_in_its_role_and_nothing_else(
    ledger: Ledger, public: Any
) -> None:
    edition_id = ledger.edition(state=DeliveryState.CLAIMED, content=CONTENT)
    anew(ledger)
    everything_it_does(ledger, public, edition_id)
    for statement in FORBIDDEN:
        with (
            pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
            reading(public.engine) as c,
        ):
            c.exec_driver_sql(statement)


def test_without_any_one_of_its_privileges_something_fails(
    ledger: Ledger, public: Any, role: str
) -> None:
    edition_id = ledger.edition(state=DeliveryState.CLAIMED, content=CONTENT)
    for one in PUBLIC:
        anew(ledger)
        with ledger.ws.engine.begin() as c:
            given = statements(c, one, role)
            c.exec_driver_sql(given[0].replace("GRANT", "REVOKE").replace(" TO ", " FROM "))
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            everything_it_does(ledger, public, edition_id)
        with ledger.ws.engine.begin() as c:
            c.exec_driver_sql(given[0])
    anew(ledger)
    everything_it_does(ledger, public, edition_id)


def test_a_wrong_role_is_told_in_words(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(ConfigError, match="no database role nobody"):
        grant_to_public(ledger.ws, "nobody")
    with ledger.ws.engine.connect() as c:
        owner = str(c.execute(sa.text("SELECT current_user")).scalar())
    with pytest.raises(ConfigError, match="owns the ledger"):
        grant_to_public(ledger.ws, owner)
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path_factory.mktemp("home")))
    assert main(["public-role", "anyone"]) != 0

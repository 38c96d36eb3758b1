"""The same emails through the sendgrid package, as an application would use it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import sqlalchemy as sa
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import (
    Content as MailContent,
)
from sendgrid.helpers.mail import (
    CustomArg,
    From,
    Header,
    Mail,
    Personalization,
    Subject,
    Substitution,
    To,
)

from outreach.domain import Mailbox
from outreach.flows.links import links
from outreach.ledger import edition_store
from outreach.ledger.editions import batch, delivery
from outreach.providers.base import Content, Pieces, Recipient
from outreach.providers.filling import slots_of
from outreach.rendering import compose, frozen
from outreach.workspace import Workspace

_metadata = sa.MetaData()
_sent = sa.Table(
    "sent",
    _metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One person's email before it is composed."""

    content: Content
    sender: Mailbox
    recipient: Recipient


def outgoing(ws: Workspace, name: str) -> list[Outgoing]:
    """Return everyone to whom a prepared edition is to go, in batches of one content."""
    with ws.engine.connect() as connection:
        record = edition_store.get(connection, name)
        contents = {
            v.id: frozen.from_json(v.content, v.format)
            for v in edition_store.variants(connection, record.id)
        }
        rows = connection.execute(
            sa.select(delivery.c.contact_id, delivery.c.email, delivery.c.slot_values)
            .add_columns(batch.c.variant_id)
            .select_from(delivery.join(batch, batch.c.id == delivery.c.batch_id))
            .where(delivery.c.edition_id == record.id, delivery.c.state.is_(None))
            .order_by(batch.c.number, delivery.c.contact_id)
        ).all()
    ids = ws.keys.delivery_ids(record.id, (row.contact_id for row in rows))
    return [
        Outgoing(contents[row.variant_id], record.sender, _recipient(ws, row, delivery_id))
        for row, delivery_id in zip(rows, ids, strict=True)
    ]


def _recipient(ws: Workspace, row: sa.Row, delivery_id: str) -> Recipient:  # type: ignore[type-arg]
    unsubscribe, view = links(ws, delivery_id)
    values = compose.with_links(row.slot_values, unsubscribe, view)
    return Recipient(delivery_id, row.email, values, unsubscribe)


def peer_table(engine: sa.Engine, people: list[Outgoing]) -> None:
    """Make the peer's table anew, a planned row for each person."""
    _metadata.drop_all(engine)
    _metadata.create_all(engine)
    rows = [{"id": p.recipient.delivery_id, "state": "planned", "message_id": ""} for p in people]
    with engine.begin() as connection:
        connection.execute(sa.insert(_sent), rows)


def one_by_one(address: str, engine: sa.Engine, people: list[Outgoing]) -> None:
    """One request and one commit per person."""
    client = SendGridAPIClient("SG.benchmark", host=address)
    for one in people:
        message = compose.message(one.content, one.recipient.values)
        mail = Mail()
        mail.from_email = From(one.sender.address, one.sender.name)
        mail.subject = Subject(message.subject)
        mail.add_content(MailContent("text/plain", message.text))
        mail.add_content(MailContent("text/html", message.html))
        mail.add_personalization(_personal(one.recipient))
        reply = client.send(mail)
        with engine.begin() as connection:
            connection.execute(
                sa.update(_sent)
                .where(_sent.c.id == one.recipient.delivery_id)
                .values(state="accepted", message_id=reply.headers["X-Message-Id"])
            )


def in_batches(address: str, engine: sa.Engine, people: list[Outgoing]) -> None:
    """Up to 1,000 personalizations of one content a request, one bulk update for each."""
    client = SendGridAPIClient("SG.benchmark", host=address)
    update = (
        sa.update(_sent)
        .where(_sent.c.id == sa.bindparam("delivery"))
        .values(state="accepted", message_id=sa.bindparam("message"))
    )
    for some in batches_of(people):
        reply = client.send(_whole(some))
        message = reply.headers["X-Message-Id"]
        rows = [{"delivery": one.recipient.delivery_id, "message": message} for one in some]
        with engine.begin() as connection:
            connection.execute(update, rows)


def batches_of(people: list[Outgoing], size: int = 1000) -> Iterator[list[Outgoing]]:
    """Yield the people of each request: as many as fit, all of one content."""
    some: list[Outgoing] = []
    for one in people:
        if some and (len(some) == size or one.content is not some[0].content):
            yield some
            some = []
        some.append(one)
    yield some


def _whole(some: list[Outgoing]) -> Mail:
    content = some[0].content
    plain, rich = slots_of(content)
    mail = Mail()
    mail.from_email = From(some[0].sender.address, some[0].sender.name)
    mail.subject = Subject(_tagged(content.subject, "p"))
    mail.add_content(MailContent("text/plain", _tagged(content.text, "p")))
    mail.add_content(MailContent("text/html", _tagged(content.html, "h")))
    for one in some:
        person = _personal(one.recipient)
        for slot in plain:
            person.add_substitution(Substitution(f"-p{slot}-", one.recipient.values[slot]))
        for slot in rich:
            escaped = escape(one.recipient.values[slot])
            person.add_substitution(Substitution(f"-h{slot}-", escaped))
        mail.add_personalization(person)
    return mail


def _personal(recipient: Recipient) -> Personalization:
    person = Personalization()
    person.add_to(To(recipient.address))
    person.add_custom_arg(CustomArg("outreach_delivery", recipient.delivery_id))
    person.add_header(Header("List-Unsubscribe", f"<{recipient.unsubscribe_url}>"))
    person.add_header(Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return person


def _tagged(pieces: Pieces, kind: str) -> str:
    parts = [pieces.literals[0]]
    for slot, literal in zip(pieces.slots, pieces.literals[1:], strict=True):
        parts += (f"-{kind}{slot}-", literal)
    return "".join(parts)

"""The images that editions show: their bytes, kept for as long as an edition that shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.domain import EditionState
from outreach.ledger.columns import count, key, metadata, ref, text, when
from outreach.ledger.editions import delivery, edition
from outreach.ledger.engine import reading

asset = sa.Table(
    "asset",
    metadata,
    key(),
    # A hash of its bytes and its ending: the last part of its address, for good.
    sa.Column("name", sa.Text, nullable=False, unique=True),
    text("kind"),
    count("width"),
    count("height"),
    sa.Column("bytes", sa.LargeBinary, nullable=False),
    when("added_at", nullable=False),
)

edition_asset = sa.Table(
    "edition_asset",
    metadata,
    ref("edition_id", "edition.id", primary_key=True),
    ref("asset_id", "asset.id", primary_key=True),
    sa.Index(None, "asset_id"),
)

_OVER = (EditionState.SENT, EditionState.CANCELLED, EditionState.REJECTED, EditionState.RECOVERED)


@dataclass(frozen=True, slots=True)
class Asset:
    """An image. `name` is its content's hash and an ending, `kind` its media type."""

    name: str
    kind: str
    width: int
    height: int
    data: bytes


def keep_assets(
    connection: sa.Connection, edition_id: int | None, assets: Iterable[Asset], now: datetime
) -> None:
    """Keep the images that an edition shows, or for no edition a test; each is kept once."""
    for one in assets:
        known = sa.select(asset.c.id).where(asset.c.name == one.name)
        number = connection.execute(known).scalar()
        if number is None:
            number = connection.execute(
                sa.insert(asset)
                .values(
                    name=one.name,
                    kind=one.kind,
                    width=one.width,
                    height=one.height,
                    bytes=one.data,
                    added_at=now,
                )
                .returning(asset.c.id)
            ).scalar_one()
        if edition_id is not None:
            tie = {"edition_id": edition_id, "asset_id": number}
            connection.execute(sa.insert(edition_asset).values(**tie))


def keep_those_of(connection: sa.Connection, of: int, made: int) -> None:
    """Tie the images of edition `of` to edition `made`, which repeats it."""
    connection.execute(
        sa.insert(edition_asset).from_select(
            ["edition_id", "asset_id"],
            sa.select(
                sa.literal(made, edition_asset.c.edition_id.type), edition_asset.c.asset_id
            ).where(edition_asset.c.edition_id == of),
        )
    )


def find_asset(connection: sa.Connection, name: str) -> tuple[str, bytes] | None:
    """Return the media type and the bytes of an image, or None where it is not kept."""
    row = connection.execute(
        sa.select(asset.c.kind, asset.c.bytes).where(asset.c.name == name)
    ).first()
    return (row.kind, bytes(row.bytes)) if row else None


def thin_assets(engine: sa.Engine, cut: datetime) -> int:
    """Let go of images that no kept edition shows; returns how many.

    An edition is kept until it has been over since `cut` and holds nobody's message any more.
    """
    with reading(engine) as connection:
        gone = list(connection.execute(_let_go(cut)).scalars())
    for number in gone:
        with engine.begin() as connection:
            mine = edition_asset.c.edition_id == number
            connection.execute(sa.delete(edition_asset).where(mine))
    used = sa.exists().where(edition_asset.c.asset_id == asset.c.id)
    unused = sa.select(asset.c.id).where(~used.correlate(asset), asset.c.added_at < cut)
    with reading(engine) as connection:
        numbers = list(connection.execute(unused).scalars())
    for number in numbers:
        with engine.begin() as connection:
            still = asset.c.id.in_(unused.where(asset.c.id == number))
            connection.execute(sa.delete(asset).where(still))
    return len(numbers)


def _let_go(cut: datetime) -> sa.Select[tuple[int]]:
    ended = sa.func.coalesce(edition.c.finished_at, edition.c.created_at)
    told = sa.exists().where(delivery.c.edition_id == edition.c.id, delivery.c.email.is_not(None))
    shown = sa.exists().where(edition_asset.c.edition_id == edition.c.id)
    return sa.select(edition.c.id).where(
        edition.c.state.in_(_OVER), ended < cut, shown.correlate(edition), ~told.correlate(edition)
    )

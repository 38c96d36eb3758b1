"""The outbox: a provider that writes each message to a file and sends nothing anywhere."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from outreach.errors import InDoubt, NotSent, Rejected
from outreach.providers.base import Handover, Receipt, Recipient
from outreach.providers.mime import maker
from outreach.providers.mime_headers import NOT_ASCII
from outreach.settings import Settings

_UNSAFE = re.compile(r"[^A-Za-z0-9@._-]+")
_DELIVERY_ID = re.compile(r"[A-Za-z0-9_-]+")


class Outbox:
    """Writes `<home>/outbox/<campaign>@<occurrence>/<delivery_id>.eml`, each file whole."""

    name = "outbox"
    batch_size = 100
    in_flight = 1
    networked = False

    def __init__(self, settings: Settings) -> None:
        self._home = settings.home / "outbox"

    def hand_over(self, handover: Handover) -> Receipt:
        """Write one file per recipient.

        Raises Rejected where a message cannot be built, NotSent where nothing could be written,
        and InDoubt where some files stand and others do not.
        """
        if not all(one.address.isascii() for one in handover.recipients):
            raise Rejected(NOT_ASCII)
        make = maker(handover)
        messages = [(_file_name(r), make(r)) for r in handover.recipients]
        folder = self._home / folder_name(handover.campaign, handover.occurrence)
        _publish(folder, _draft(folder, messages))
        return Receipt(handover.reference)

    def close(self) -> None:
        """Nothing is held open."""


def standing(
    settings: Settings, campaign: str, occurrence: str, delivery_ids: Collection[str]
) -> frozenset[str]:
    """Return which of these deliveries have their file in the edition's folder."""
    folder = settings.home / "outbox" / folder_name(campaign, occurrence)
    return frozenset(one for one in delivery_ids if (folder / f"{one}.eml").exists())


def folder_name(campaign: str, occurrence: str) -> str:
    """Return the name of an edition's folder, whatever a person typed as its occurrence."""
    return _UNSAFE.sub("_", f"{campaign}@{occurrence}").lstrip(".") or "_"


def _file_name(recipient: Recipient) -> str:
    if not _DELIVERY_ID.fullmatch(recipient.delivery_id):
        raise Rejected("a delivery id is not made of letters and digits")
    return f"{recipient.delivery_id}.eml"


def _draft(folder: Path, messages: list[tuple[str, bytes]]) -> list[tuple[Path, Path]]:
    """Write every message under a hidden name, or none. Raises NotSent."""
    drafts: list[tuple[Path, Path]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, body in messages:
            draft = folder / f".{name}.{os.getpid()}"
            drafts.append((draft, folder / name))
            draft.write_bytes(body)
    except OSError as error:
        for draft, _ in drafts:
            draft.unlink(missing_ok=True)
        raise NotSent(
            f"the outbox folder cannot be written ({error.strerror}); "
            "free some space or mend its permissions"
        ) from None
    return drafts


def _publish(folder: Path, drafts: list[tuple[Path, Path]]) -> None:
    """Give every draft its name. Raises InDoubt if that stops half-way."""
    try:
        for draft, final in drafts:
            draft.replace(final)
        _sync(folder)
    except OSError as error:
        raise InDoubt(
            f"the outbox stopped half-way ({error.strerror}); look which files are there"
        ) from None


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

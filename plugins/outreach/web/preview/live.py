"""What the live preview shows: made again when a file changes, the last good one kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from outreach.campaigns import Campaign
from outreach.clock import LONDON
from outreach.domain import Reader
from outreach.errors import Fault, InputError
from outreach.flows import authoring, trial
from outreach.flows.preparing import find_campaign, layouts
from outreach.flows.trial import Choice
from outreach.hub import Hub, load_hub
from outreach.rendering import Compiled, EditionContext, compile_campaign
from outreach.rendering.compose import Message, message, with_links
from outreach.rendering.images import inlined
from outreach.rendering.pipeline import one_line
from outreach.reports.campaigns import sample_readers
from outreach.reports.proofs import proof_links
from outreach.workspace import Workspace

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Good:
    """The last rendering that went well: its campaign, and its variants with a reader each."""

    hub: Hub
    compiled: Compiled
    choices: tuple[Choice, ...]


class Live:
    """One campaign under the eyes of its author. `version` rises with every change of a file."""

    def __init__(self, ws: Workspace, slug: str, who: str = "") -> None:
        self._slug, self._file = slug, _file_of(ws, slug)
        # This file alone is read again and again, however many campaigns there are.
        self._ws = replace(ws, settings=replace(ws.settings, campaigns=(self._file,)))
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._who = _named(ws, who)
        self.version = 0
        self.faults: tuple[Fault, ...] = ()
        self.good: Good | None = None
        self.broken = False

    def refresh(self) -> int:
        """Look at the files again where one has changed; returns the version."""
        with self._lock:
            stamp = tuple(self._watched())
            if stamp != self._stamp:
                self._stamp = stamp
                self._render()
                self.version += 1
            return self.version

    def shown(self, number: int) -> Message | None:
        """Return variant `number` (from 1) as its reader gets it, images in it; None if none."""
        if self.good is None:
            return None
        compiled, choices = self.good.compiled, self.good.choices
        choice = choices[min(max(number, 1), len(choices)) - 1]
        today = datetime.now(LONDON).date()
        content = compiled.render(choice.key, EditionContext(today.isoformat(), today))
        values = with_links(compiled.values(choice.reader), *proof_links(self._ws))
        made = message(content, values)
        by_name = {one.name: (one.kind, one.data) for one in compiled.campaign.images}
        return replace(made, html=inlined(made.html, by_name.get))

    def _render(self) -> None:
        try:
            hub = load_hub(self._ws.settings.root / "hub.yaml")
            ws = replace(self._ws, hub=hub)
            campaign = find_campaign(ws, self._slug)
            compiled = compile_campaign(campaign, hub, layouts(ws))
            self.good = Good(hub, compiled, self._choices(ws, campaign, compiled))
            self.shown(1)
            self.faults, self.broken = authoring.check_files(ws, self._slug), False
        except InputError as error:
            self.faults, self.broken = error.faults, True

    def _choices(self, ws: Workspace, campaign: Campaign, compiled: Compiled) -> tuple[Choice, ...]:
        if self._who is not None:
            return trial.choices(compiled, (), (self._who,))
        return trial.choices(compiled, trial.audience(ws, campaign), sample_readers(ws.hub))

    def _watched(self) -> Iterator[tuple[str, int, int]]:
        root = self._ws.settings.root
        assets = sorted((self._file.parent.parent / "assets").glob("*"))
        for path in (self._file, root / "hub.yaml", *sorted(layouts(self._ws).glob("*")), *assets):
            try:
                status = path.stat()
            except OSError:
                continue
            yield str(path), status.st_mtime_ns, status.st_size


def _named(ws: Workspace, who: str) -> Reader | None:
    samples = sample_readers(ws.hub)
    made_up = {"sample": samples[0], "unknown": Reader()}
    return made_up.get(who) or (trial.person(ws, who) if who else None)


def _file_of(ws: Workspace, slug: str) -> Path:
    for path in ws.settings.campaigns:
        found = path / f"{slug}.md" if path.is_dir() else path
        if found.stem == slug and found.exists():
            return found
    return find_campaign(ws, slug).file


def preview_line(compiled: Compiled, reader: Reader) -> str:
    """Return what inboxes show beside the subject for a reader, as far as it is fixed."""
    arm = next((a for a in compiled.campaign.arms if a.name == reader.arm), None)
    return one_line((arm and arm.preview) or compiled.campaign.preview)

"""One contact that exists already, while the rows of a file about it are taken in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from outreach.domain import BasisKind
from outreach.ledger import bases
from outreach.ledger.folding import Basis, Fold, carried
from outreach.ledger.people_known import Held
from outreach.ledger.precedence import Statement, outranks, resolve
from outreach.ledger.sayings import as_json, words_of
from outreach.ledger.workplaces import without_workplace, workplace
from outreach.records import Facts, PersonRow


class Draft:
    """What becomes of one contact. Nothing is written until every row about it is in."""

    __slots__ = (
        *("email", "fields", "given_again", "held", "left_at", "legacy", "merge_now", "mine"),
        *("new_bases", "precedence", "source", "told", "tracking", "words"),
        *("_fold", "_said", "_spoken", "_written"),
    )

    def __init__(
        self, held: Held, source: str, now: datetime, precedence: Mapping[str, int]
    ) -> None:
        self.held = held
        self.source = source
        self.merge_now = now
        self.precedence = precedence
        self.legacy = _legacy(held)
        self.told = held.statements or self.legacy
        self.mine: Statement | None = None
        for one in self.told:
            if one.current and one.source == source:
                self.mine = one
                break
        self._said: Mapping[str, str] = self.mine.words if self.mine else {}
        self.words = self._said
        self._written = ""
        self.email = ""
        self.fields = dict(held.fields)
        self.tracking = held.tracking
        self.left_at = held.left_at
        self.new_bases: dict[Basis, Facts] = {}
        self.given_again: dict[Basis, Facts] = {}
        self._spoken = held.chose

    def _was_asked(self) -> bool:
        # A contact from an earlier version may have refused: nothing says that it did not.
        return bool(self.legacy) or any("tracking_consent" in one.words for one in self.told)

    def take(self, rows: Sequence[PersonRow], written: str = "") -> set[int]:
        """Take in every row of a file about one person; return the numbers of those that tell.

        A row tells if the contact differs for it. `written`: what the only row says, as JSON.
        """
        if len(rows) == 1:
            self._written = "" if self._said else written
            return {rows[0][1]} if self._take_alone(rows[0]) else set()
        whole, self._fold = Fold(), Fold()
        for row in rows:
            whole.take(row)
        # Rows that contradict each other may say in the end what was said before.
        silent = carried(self._said, whole.words) == self._said
        return {row[1] for row in rows if self._take(row, silent)}

    def _take_alone(self, row: PersonRow) -> bool:
        """Take in the only row about a person, as nearly all are: with nothing to fold."""
        return self._take_rest(row) | self._speak(words_of(row), row[4])

    def _take(self, row: PersonRow, silent: bool) -> bool:
        changed = self._take_rest(row)
        if silent or not self._fold.take(row):
            return changed
        return self._speak(dict(self._fold.words), row[4]) or changed

    def _take_rest(self, row: PersonRow) -> bool:
        """Take in the bases, and the address where there is none; return whether any is new."""
        changed = self._take_bases(row[4])
        if self.held.addressless and not self.email:
            self.email, changed = row[2], True
        return changed

    def _speak(self, told: Mapping[str, str], facts: Facts) -> bool:
        """Take in what the file says so far; return whether the contact differs for it."""
        words = carried(self._said, told) if self._said else told
        if words == self.words:
            return False
        self.words = words
        before = (self.fields, self.tracking, self.left_at)
        self.fields = self._resolved()
        self._take_facts(facts)
        return before != (self.fields, self.tracking, self.left_at)

    def statement(self) -> str:
        """Return what the source says now, as a statement keeps it."""
        return self._written or as_json(self.words)

    @property
    def speaks(self) -> bool:
        """Whether the source says something else than before, or something for the first time."""
        return self.words != self._said

    def _resolved(self) -> dict[str, str]:
        mine = self.mine
        told = [one._replace(current=False) if one is mine else one for one in self.told]
        told.append(Statement(self.source, self.merge_now, self.words))
        fields = resolve(told, self.precedence)
        gaps = {name: text for name, text in self.held.fields.items() if text and not fields[name]}
        if gaps and workplace(fields):
            gaps = without_workplace(gaps)
        # An empty cell never erases.
        return fields | gaps if gaps else fields

    def _take_facts(self, facts: Facts) -> None:
        # An import may withdraw consent to tracking; given once, only the person may give it again.
        if facts[0] == "no":
            self.tracking = False
        elif facts[0] == "yes" and not (self._spoken or self._was_asked()):
            self.tracking = True
        self._spoken = self._spoken or bool(facts[0])
        if facts[1]:
            left = datetime.fromisoformat(facts[1])
            self.left_at = min(left, self.left_at) if self.left_at else left

    def _take_bases(self, facts: Facts) -> bool:
        named = facts[2], facts[3]
        if not facts[2] or named in self.new_bases or named in self.given_again:
            return False
        known = self.held.bases.get(named)
        if known is None or (known.withdrawn_at is None and self._has_better(known.source)):
            self.new_bases[named] = facts
            return True
        given = datetime.fromisoformat(facts[6]) if facts[6] else None
        at = known.withdrawn_at
        if at is None or not bases.given_again(at, BasisKind(facts[2]), given):
            return False
        self.given_again[named] = facts
        return True

    def _has_better(self, source: str) -> bool:
        """Whether this source's evidence replaces that of another: by precedence alone."""
        return outranks(self.source, source, self.precedence)


def _legacy(held: Held) -> list[Statement]:
    """Return what a contact from before statements holds, as said by its source."""
    if held.statements or held.addressless:
        return []
    words = {name: text for name, text in held.fields.items() if text}
    return [Statement(held.source, held.updated_at, words)]

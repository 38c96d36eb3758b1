"""The kinds of file: their fields, and how one row becomes a record.

A new field is one line in `fields.READERS` and one in a kind; a new kind is one entry in `KINDS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from outreach.records import (
    BasisRecord,
    ContactRecord,
    ImportKind,
    OrganisationRecord,
    PledgeRecord,
    Quarantined,
    Record,
    ResourceRecord,
    SuppressionRecord,
)
from outreach.sources import ods
from outreach.sources.fields import LEFT_EMPTY, BadCell, Context, read_field
from outreach.sources.mapping import ColumnPlan
from outreach.sources.several import parts_of
from outreach.sources.suppressions import why
from outreach.sources.values import BadValue, split_name
from outreach.sources.webaddress import page_of


@dataclass(frozen=True, slots=True)
class Kind:
    """What files of one kind may and must hold, and how a row of theirs is read."""

    fields: tuple[str, ...]
    required: tuple[str, ...]
    build: Callable[[Cells, Context], Record]


@dataclass(frozen=True, slots=True)
class Cells:
    """One row's texts by field, read one at a time so that a fault names its column."""

    row_number: int
    texts: Mapping[str, str]
    context: Context

    def get(self, name: str) -> Any:
        """Return a field's value, '' where the row has none. Raises BadCell."""
        text = self.texts.get(name, "")
        value = read_field(name, text, self.context) if text else ""
        if value is LEFT_EMPTY:
            self.context.left_empty[name] += 1
        return value

    def has(self, name: str) -> bool:
        """Whether the row says anything for a field."""
        return bool(self.texts.get(name, "").strip())

    def date(self, name: str) -> Any:
        """Return a date, None where there is none or it cannot be read; that is counted.

        For rows that are worth more than their date.
        """
        try:
            return self.get(name) or None
        except BadCell:
            self.context.left_empty[name] += 1
            return None

    def need(self, name: str) -> Any:
        """Return a field's value. Raises BadCell also where there is none."""
        value = self.get(name)
        if value == "":
            words = name.replace("_", " ")
            raise BadCell(name, BadValue(f"no {words}", "fill it in, or leave the row out"))
        return value

    def several(self, name: str) -> tuple[str, ...]:
        """Return the values of a cell that may hold more than one; () for everybody.

        One that is not understood sets the row aside, whatever the source's rule: what is meant
        for a few must not go to all. Raises BadCell.
        """
        parts = parts_of(self.texts.get(name, ""))
        found = dict.fromkeys(read_field(name, one, self.context) for one in parts)
        if LEFT_EMPTY in found:
            words = name.replace("_", " ").removeprefix("ics ")
            raise BadCell(name, BadValue(f"unknown {words}", "leave it empty if it is for all"))
        return tuple(found)


def read_row(
    kind: Kind, plan: ColumnPlan, number: int, cells: tuple[str, ...], context: Context
) -> Record | Quarantined:
    """Return what a row says, or the row whole with the first thing wrong in it."""
    if len(cells) > len(plan.keys) and any(c.strip() for c in cells[len(plan.keys) :]):
        return _quarantined(
            plan,
            number,
            cells,
            "",
            "more cells than headings",
            "often a comma outside quotation marks; put the text in quotation marks",
        )
    if (swallowed := _swallowed(cells)) is not None:
        return _quarantined(
            plan,
            number,
            cells,
            plan.keys[swallowed],
            "other rows stand inside this one",
            "a quotation mark is opened and not closed; mend it and import the rows again",
        )
    try:
        return kind.build(Cells(number, plan.fields(cells), context), context)
    except BadCell as bad:
        column = plan.heading(bad.name)
        return _quarantined(plan, number, cells, column, bad.problem.reason, bad.problem.advice)


_ROW_INSIDE = re.compile(r"[\r\n][^\r\n]*(?:@[^\r\n]*[,;\t|]|[,;\t|][^\r\n]*@)")


def _swallowed(cells: tuple[str, ...]) -> int | None:
    """Return which cell holds lines that read as rows of people: they would be lost unseen."""
    joined = "".join(cells)
    if "\n" not in joined and "\r" not in joined:
        return None
    return next((i for i, cell in enumerate(cells) if _ROW_INSIDE.search(cell)), None)


def _quarantined(
    plan: ColumnPlan, number: int, cells: tuple[str, ...], column: str, reason: str, advice: str
) -> Quarantined:
    return Quarantined(number, column, reason, advice, plan.whole(cells))


def _contact(cells: Cells, _: Context) -> ContactRecord:
    first, last = cells.get("first_name"), cells.get("last_name")
    if not first and not last:
        first, last = split_name(cells.get("name"))
    consent = cells.get("tracking_consent")
    return ContactRecord(
        cells.row_number,
        cells.need("email"),
        first,
        last,
        cells.get("job_role"),
        cells.get("sector"),
        cells.get("ics_area"),
        cells.get("borough"),
        cells.get("organisation_name"),
        cells.get("ods_code"),
        None if consent == "" else consent,
        cells.get("left_on") or None,
        _basis(cells),
        cells.get("organisation_postcode"),
    )


def _basis(cells: Cells) -> BasisRecord | None:
    kind = cells.get("basis")
    if not kind:
        return None
    return BasisRecord(
        kind,
        cells.need("evidence"),
        cells.get("wording_version"),
        cells.get("basis_purpose"),
        cells.get("given_on") or None,
    )


def _pledge(cells: Cells, context: Context) -> PledgeRecord:
    pledged_at = cells.need("pledged_at")
    withdrawn_at = cells.get("withdrawn_on") or None
    kind = cells.get("pledge_kind") or "person"
    return PledgeRecord(_contact(cells, context), pledged_at, kind, withdrawn_at)


def _organisation(cells: Cells, _: Context) -> OrganisationRecord:
    code, name = cells.need("ods_code"), ods.spelled(cells.get("org_name"))
    network = ods.is_network(code)
    in_sector = network or ods.is_practice(cells.get("prescribing_setting"))
    return OrganisationRecord(
        cells.row_number,
        code,
        name,
        cells.get("sector") if in_sector else "",
        cells.get("ics_area") or cells.get("health_geography"),
        cells.get("borough"),
        cells.get("postcode"),
        code if network else cells.get("pcn_code"),
        name if network else ods.spelled(cells.get("pcn_name")),
        cells.get("subscriber_type") or None,
        cells.get("opened_on") or None,
        cells.get("closed_on") or None,
        ods.is_open(cells.get("org_status")),
        cells.get("pcn_from") or None,
        cells.get("pcn_until") or None,
    )


def _resource(cells: Cells, _: Context) -> ResourceRecord:
    url = cells.need("url")
    return ResourceRecord(
        cells.row_number,
        cells.get("resource_key") or url,
        cells.need("title"),
        url,
        cells.get("summary"),
        cells.several("sector"),
        cells.several("ics_area"),
        cells.get("published_at") or None,
        cells.get("resource_kind"),
        cells.get("withdrawn_on") or None,
        page_of(url),
    )


def _suppression(cells: Cells, _: Context) -> SuppressionRecord:
    target = cells.need("target")
    cleaned = cells.has("cleaned_on")
    try:
        reason, words = why(cells.get("reason"), cells.get("status"), cleaned)
    except BadValue as problem:
        raise BadCell("reason" if cells.has("reason") else "status", problem) from None
    return SuppressionRecord(
        cells.row_number,
        target,
        "@" not in target,
        reason,
        cells.get("scope") or "all",
        cells.get("detail") or words,
        cells.date("since") or cells.date("cleaned_on"),
    )


_PERSON = (
    "email",
    "first_name",
    "last_name",
    "name",
    "job_role",
    "sector",
    "ics_area",
    "borough",
    "organisation_name",
    "ods_code",
    "organisation_postcode",
    "tracking_consent",
    "left_on",
    "basis",
    "evidence",
    "wording_version",
    "basis_purpose",
    "given_on",
)
_ORGANISATION = (
    "ods_code",
    "org_name",
    "sector",
    "ics_area",
    "borough",
    "postcode",
    "pcn_code",
    "pcn_name",
    "subscriber_type",
    "health_geography",
    "opened_on",
    "closed_on",
    "org_status",
    "prescribing_setting",
    "pcn_from",
    "pcn_until",
)

KINDS: dict[ImportKind, Kind] = {
    ImportKind.CONTACTS: Kind(_PERSON, ("email",), _contact),
    ImportKind.PLEDGES: Kind(
        (*_PERSON, "pledged_at", "pledge_kind", "withdrawn_on"), ("email", "pledged_at"), _pledge
    ),
    ImportKind.ORGANISATIONS: Kind(_ORGANISATION, ("ods_code",), _organisation),
    ImportKind.RESOURCES: Kind(
        (
            *("resource_key", "title", "url", "summary", "resource_kind"),
            *("sector", "ics_area", "published_at", "withdrawn_on"),
        ),
        ("title", "url"),
        _resource,
    ),
    ImportKind.SUPPRESSIONS: Kind(
        ("target", "reason", "status", "scope", "detail", "since", "cleaned_on"),
        ("target",),
        _suppression,
    ),
}

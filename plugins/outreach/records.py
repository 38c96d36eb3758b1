"""What an import brings, one frozen record per row, and what became of it in counts.

The port between sources and the ledger.

Standard library and `domain` only, like `domain` itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from outreach.domain import BasisKind, SubscriberType, SuppressionReason


class ImportKind(StrEnum):
    """What the rows of a file are."""

    CONTACTS = "contacts"
    PLEDGES = "pledges"
    ORGANISATIONS = "organisations"
    RESOURCES = "resources"
    SUPPRESSIONS = "suppressions"


class ImportState(StrEnum):
    """How an import ended. `ALREADY_TAKEN` is never stored: the earlier import stands."""

    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    ALREADY_TAKEN = "already taken"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that was not taken, whole, with why and what to do about it.

    `reason` is general and holds nothing of the row, so that it may be counted and logged;
    `advice` may quote a near match. `row` maps each header to its cell as it came.
    """

    row_number: int
    column: str
    reason: str
    advice: str
    row: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class BasisRecord:
    """Why a contact may be written to, with what shows it.

    `purpose` '' is every purpose that the kind allows. `given_at` is when the person gave it,
    None where the row does not say.
    """

    kind: BasisKind
    evidence: str = ""
    wording_version: str = ""
    purpose: str = ""
    given_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ContactRecord:
    """A person as one row tells; empty text means that the row does not say.

    `tracking_consent` and `left_at` are None where the row does not say.
    """

    row_number: int
    email: str = field(repr=False)
    first_name: str = field(default="", repr=False)
    last_name: str = field(default="", repr=False)
    job_role: str = ""
    sector: str = ""
    ics_area: str = ""
    borough: str = ""
    organisation_name: str = ""
    ods_code: str = ""
    tracking_consent: bool | None = None
    left_at: datetime | None = None
    basis: BasisRecord | None = None
    organisation_postcode: str = ""


PERSON_FIELDS = (
    "first_name",
    "last_name",
    "job_role",
    "sector",
    "ics_area",
    "borough",
    "organisation_name",
    "ods_code",
    "organisation_postcode",
)
"""What sources say of a person, each a text of its own, merged field by field."""

FACT_FIELDS = (
    "tracking_consent",
    "left_on",
    "basis",
    "basis_purpose",
    "evidence",
    "wording_version",
    "given_on",
)
"""What else than `PERSON_FIELDS` a row says of a person, in the order of `Facts`."""

Facts = tuple[str, str, str, str, str, str, str]
"""(tracking consent "yes", "no" or "", left on, basis, its purpose, evidence, wording version,
given on): what else a row says of a person; dates in ISO 8601, UTC."""

PledgeFacts = tuple[str, str, str]
"""(pledged at, kind, withdrawn on), dates in ISO 8601, UTC."""

PersonRow = tuple[bytes, int, str, tuple[str, ...], Facts, PledgeFacts | None]
"""(address hash, row number, address, `PERSON_FIELDS`, facts, pledge): a million of them are
read, put aside and merged, so they are plain tuples, and sort by address and row."""


@dataclass(frozen=True, slots=True)
class PledgeRecord:
    """A sign-up, with the person as the form tells them. `kind`: person or organisation.

    `withdrawn_at` is when it was taken back, None where the row does not say so.
    """

    contact: ContactRecord
    pledged_at: datetime
    kind: str = "person"
    withdrawn_at: datetime | None = None

    @property
    def row_number(self) -> int:
        """The row as a person sees it in the sheet."""
        return self.contact.row_number


@dataclass(frozen=True, slots=True)
class OrganisationRecord:
    """An organisation by its ODS code; `subscriber_type` None where the row does not say.

    `is_open` is None where the row has no status. `pcn_from` and `pcn_until` say when it was in
    the network that the row names.
    """

    row_number: int
    ods_code: str
    name: str = ""
    sector: str = ""
    ics_area: str = ""
    borough: str = ""
    postcode: str = ""
    pcn_code: str = ""
    pcn_name: str = ""
    subscriber_type: SubscriberType | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    is_open: bool | None = None
    pcn_from: datetime | None = None
    pcn_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ResourceRecord:
    """Something to read or use, by its own key (its address where the file gives no key).

    `page` is its address as `webaddress.page_of` writes it: the same for the same page. Empty
    `sectors` or `ics_areas` mean that the row does not say. `withdrawn_at`: when its source took
    it back, None where the row does not say so.
    """

    row_number: int
    resource_key: str
    title: str
    url: str
    summary: str = ""
    sectors: tuple[str, ...] = ()
    ics_areas: tuple[str, ...] = ()
    published_at: datetime | None = None
    kind: str = ""
    withdrawn_at: datetime | None = None
    page: str = ""


@dataclass(frozen=True, slots=True)
class SuppressionRecord:
    """A do-not-mail fact for one address or, with `is_domain`, for a whole mail domain."""

    row_number: int
    target: str = field(repr=False)
    is_domain: bool
    reason: SuppressionReason
    scope: str = "all"
    detail: str = ""
    since: datetime | None = None


def person_row(record: ContactRecord | PledgeRecord, address_hash: bytes) -> PersonRow:
    """Return a record as imports merge it."""
    said = record.contact if isinstance(record, PledgeRecord) else record
    values = tuple(str(getattr(said, name)) for name in PERSON_FIELDS)
    pledge = None
    if isinstance(record, PledgeRecord):
        pledge = (record.pledged_at.isoformat(), record.kind, _iso(record.withdrawn_at))
    return address_hash, said.row_number, said.email, values, _facts(said), pledge


def _facts(said: ContactRecord) -> Facts:
    tracking = {None: "", True: "yes", False: "no"}[said.tracking_consent]
    basis = said.basis
    if basis is None:
        return tracking, _iso(said.left_at), "", "", "", "", ""
    why = (basis.kind.value, basis.purpose, basis.evidence, basis.wording_version)
    return tracking, _iso(said.left_at), *why, _iso(basis.given_at)


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


Record = ContactRecord | PledgeRecord | OrganisationRecord | ResourceRecord | SuppressionRecord
"""What one good row becomes, by the kind of its file."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What one import did, in counts: it holds no personal data.

    rows_read = accepted + quarantined; accepted = created + changed + unchanged. `import_id`
    is that of the earlier import where the file was already taken. `unsettled`: the file was
    changed while it was read, and may be whole at the next pull.
    """

    import_id: int
    kind: ImportKind
    source: str
    state: ImportState
    file_name: str = ""
    rows_read: int = 0
    accepted: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    quarantined_by_reason: Mapping[str, int] = field(default_factory=dict)
    unrecognised_columns: tuple[str, ...] = ()
    new_pledges: int = 0
    message: str = ""
    special_category: bool = False
    unsettled: bool = False

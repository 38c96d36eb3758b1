"""contacts/sources.yaml -> what to pull; every fault is named with its line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from outreach.errors import Fault, InputError
from outreach.records import ImportKind
from outreach.sources.fields import MATCHED
from outreach.sources.kinds import KINDS
from outreach.sources.places.base import Api, Since
from outreach.sources.reading import Columns
from outreach.sources.sourcesform import ApiForm, FileForm, SourceForm, problems
from outreach.wording import schema_faults
from outreach.yamlfile import Located, read_yaml


@dataclass(frozen=True, slots=True)
class Source:
    """Where something is pulled from, as declared. `drop` is a folder people put files into.

    `precedence`: where several sources tell of one person, the highest wins; None ranks below
    every number. `stale_after_days`: a file that was last changed longer ago is refused.
    `asked_as_api`: a web address is asked for `records`, page by page, and not for a file.
    """

    name: str
    kind: ImportKind
    path: str
    columns: Columns
    drop: bool
    least_share: float
    shift_dates_to_today: bool
    line: int
    scheme: str = ""
    connection: str = ""
    api: Api = field(default_factory=Api)
    precedence: int | None = None
    stale_after_days: int | None = None
    asked_as_api: bool = False
    records: str = ""

    @property
    def partial(self) -> bool:
        """Whether each pull brings only what is new, so that it tells nothing by its size."""
        return self.drop or self.api.since is not None


def load_sources(path: Path) -> tuple[Source, ...]:
    """Read sources.yaml. Raises InputError with every fault and its line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        said = "there is no such file; it says what is pulled, from where: see docs/sources.md"
        raise InputError(Fault(said, path.name)) from None
    except (OSError, UnicodeError):
        raise InputError(Fault("cannot be read; it must be a UTF-8 text file", path.name)) from None
    located = read_yaml(text, path.name)
    try:
        forms = FileForm.model_validate(located.data).sources
    except ValidationError as error:
        raise InputError(*schema_faults(error, FileForm, located, path.name)) from None
    faults = [*_faults(path.name, located, forms)]
    if faults:
        raise InputError(*faults)
    return tuple(_source(form, located.line(("sources", i))) for i, form in enumerate(forms))


def source_names(path: Path) -> tuple[str, ...]:
    """Return the names of the sources, none where the file is wrong: pulling says how."""
    try:
        return tuple(source.name for source in load_sources(path))
    except InputError:
        return ()


def _faults(file: str, located: Located, forms: Sequence[SourceForm]) -> Iterator[Fault]:
    names: set[str] = set()
    for index, form in enumerate(forms):
        if form.name in names:
            said = f"two sources are called {form.name}"
            yield Fault(said, file, located.line(("sources", index)))
        names.add(form.name)
        for path, said in problems(form):
            yield Fault(said, file, located.line(("sources", index, *path)))


def _source(form: SourceForm, line: int) -> Source:
    return Source(
        form.name,
        form.kind,
        form.path,
        _columns(form),
        form.drop,
        form.least_share,
        form.shift_dates_to_today,
        line,
        form.scheme,
        form.connection,
        _api(form.api),
        form.precedence,
        form.stale_after_days,
        _is_api(form),
        form.records,
    )


def _columns(form: SourceForm) -> Columns:
    defaults = dict(form.defaults)
    if form.basis:
        defaults["basis"] = form.basis.value
        defaults |= {"evidence": form.evidence, "wording_version": form.wording_version}
    if isinstance(form.unmatched, str):
        fields = MATCHED.intersection(KINDS[form.kind].fields)
        unmatched = dict.fromkeys(sorted(fields), form.unmatched)
    else:
        unmatched = dict(form.unmatched)
    return Columns(
        form.mapping,
        {},
        {name: text for name, text in defaults.items() if text},
        form.values,
        {name: rule for name, rule in unmatched.items() if rule == "empty"},
        form.format,
        # What an API told is kept as its records alone.
        "" if _is_api(form) else form.records,
    )


def _is_api(form: SourceForm) -> bool:
    if form.scheme not in ("http", "https"):
        return False
    return form.format == "json" or (form.api is not None and not form.format)


def _api(form: ApiForm | None) -> Api:
    if form is None:
        return Api()
    since = form.since
    return Api(
        form.auth,
        form.parameters,
        form.paging,
        form.next,
        form.parameter,
        form.first,
        form.size_parameter,
        form.size,
        Since(since.parameter, since.field, since.reply) if since else None,
    )

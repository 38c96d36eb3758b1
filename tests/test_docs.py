"""The documentation says what is true: settings, fields, targets, links, examples."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote

import pytest
from pydantic import BaseModel

from outreach.campaigns import load_campaign
from outreach.digest import NOTHING_NEW
from outreach.domain import Purpose, SuppressionReason
from outreach.frontmatter import (
    Approval,
    DigestForm,
    Frequency,
    FrontMatter,
    Goal,
    Occasion,
    SegmentForm,
    Trigger,
)
from outreach.hub import load_hub
from outreach.hubform import HubForm
from outreach.ledger import mailable
from outreach.ledger.digests import TOLD_MEANWHILE, WITHDRAWN_SINCE
from outreach.records import ImportKind
from outreach.rendering import compile_campaign
from outreach.rendering.values import FIELDS, Fields, ResourceView
from outreach.reports import editions as edition_report
from outreach.settings import ROOT
from outreach.sources.kinds import KINDS
from outreach.web.staff.pages import AREAS
from tests.reading_docs import (
    FENCE,
    GUIDE,
    HEADING,
    INLINE,
    LINK,
    OPERATIONS,
    PAGES,
    README,
    fences,
    prose,
    section,
    shown,
)

SETTING = re.compile(r"\bOUTREACH_[A-Z][A-Z_]*[A-Z]\b")
IMAGE_BYTES = 200_000
DIGEST = ROOT / "docs" / "digest.md"
WRITING = ROOT / "docs" / "writing.md"


# ---- decisions


def test_the_index_of_decisions_names_each_once_in_the_order_of_their_numbers() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text())
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))


# ---- settings


def settings_in(path: Path) -> set[str]:
    return set(SETTING.findall(path.read_text()))


def settings_table() -> set[str]:
    return set(re.findall(r"^\| `(OUTREACH_\w+)` \|", OPERATIONS.read_text(), re.MULTILINE))


def test_every_setting_has_a_row_in_the_operations_guide_and_every_row_is_a_setting() -> None:
    package = ROOT / "plugins" / "outreach"
    read = settings_in(package / "settings.py")
    assert len(read) > 10
    # A provider's file reads its own settings by itself.
    read |= {name for file in (package / "providers").glob("*.py") for name in settings_in(file)}
    assert settings_table() == read


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_no_page_names_a_setting_that_nothing_reads(page: Path) -> None:
    known = settings_table() | settings_in(ROOT / "docker-compose.yaml")
    assert settings_in(page) <= known


def test_every_field_of_hub_yaml_is_in_the_operations_guide_and_no_other() -> None:
    rows = section(OPERATIONS, "Your organisation: hub.yaml")
    named = re.findall(r"^\| ((?:`\w+` ?)+)\|", rows, re.MULTILINE)
    assert set(INLINE.findall(" ".join(named))) == set(HubForm.model_fields)


def test_every_secret_of_the_compose_file_is_in_the_operations_guide() -> None:
    compose = (ROOT / "docker-compose.yaml").read_text()
    needed = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", compose))
    assert {name for name in needed if name not in OPERATIONS.read_text()} == set()


# ---- the pages for comms officers


@pytest.mark.parametrize("form", [FrontMatter, SegmentForm], ids=["campaign", "segment"])
def test_the_page_on_writing_has_a_row_for_every_field_and_no_other(form: type[BaseModel]) -> None:
    text = section(WRITING, "The fields")
    whole, _, segment = text.partition("### Under segment")
    named = re.findall(r"^\| `(\w+)` \|", whole if form is FrontMatter else segment, re.MULTILINE)
    assert sorted(named) == sorted(form.model_fields)


def test_the_fields_that_a_campaign_needs_are_marked_as_needed() -> None:
    rows = re.findall(r"^\| `(\w+)` \| yes \|", section(WRITING, "The fields"), re.MULTILINE)
    assert set(rows) == {n for n, one in FrontMatter.model_fields.items() if one.is_required()}


@pytest.mark.parametrize("words", [Trigger, Occasion, Goal, Frequency, Approval, Purpose])
def test_every_word_that_a_field_may_say_is_in_its_row(words: Any) -> None:
    kind = next(n for n, one in FrontMatter.model_fields.items() if words in kinds(one.annotation))
    row = re.search(rf"^\| `{kind}` \|.*$", section(WRITING, "The fields"), re.MULTILINE)
    assert row
    said = " ".join(INLINE.findall(row[0]))
    assert [word for word in get_args(words) or words if word not in said] == []


def kinds(annotation: Any) -> tuple[Any, ...]:
    """Return a field's type, and what it is a choice of."""
    return annotation, *get_args(annotation)


def test_the_page_on_the_digest_names_each_of_its_fields_and_what_can_be_printed() -> None:
    rows = DIGEST.read_text()
    named = set(re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE))
    assert named == set(DigestForm.model_fields)
    shown = {f"resource.{one.name}" for one in dataclasses.fields(ResourceView)}
    assert shown <= set(INLINE.findall(rows))


def test_every_field_of_a_resource_is_in_the_page_on_sources() -> None:
    text = section(ROOT / "docs" / "sources.md", "Resources")
    assert [name for name in KINDS[ImportKind.RESOURCES].fields if f"`{name}`" not in text] == []


def printable(fields: Fields, before: str = "") -> Iterator[str]:
    for name, inner in fields.items():
        if isinstance(inner, dict):
            yield from printable(inner, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def test_the_page_on_writing_names_what_can_be_printed_and_nothing_else() -> None:
    text = section(WRITING, "Print something about the reader")
    unsaid = {"hub.identity", "hub.areas"}  # the layout's, and another form of hub.ics_areas
    named = set(INLINE.findall(text[text.index("| You can print |") :]))
    assert {name for name in printable(FIELDS) if name not in named} <= unsaid
    known = set(printable(FIELDS))
    tables = re.findall(r"^\| (`(?:contact|hub|edition|links)\..*?) \|", text, re.MULTILINE)
    assert set(INLINE.findall(" ".join(tables))) <= known


def examples() -> list[str]:
    return [
        body for page in (GUIDE, DIGEST) for info, body in fences(page) if info.endswith("campaign")
    ]


def test_the_campaign_in_the_guide_loads_and_renders_without_a_fault(tmp_path: Path) -> None:
    hub = load_hub(ROOT / "hub.yaml")
    assert examples()
    for number, source in enumerate(examples()):
        file = tmp_path / f"example-{number}.md"
        file.write_text(source)
        campaign = load_campaign(file, hub)
        assert compile_campaign(campaign, hub, ROOT / "templates" / "layouts").tests


def test_every_row_of_the_certificate_is_explained() -> None:
    rows = section(GUIDE, "Read the certificate")
    labels = [*edition_report._BECAME.values(), "Accepted by the provider", "Failed", "Suppressed"]
    labels += ["Cancelled", "In doubt", "Being handed over", "Planned"]
    assert [label for label in labels if f"| {label} |" not in rows] == []


def test_every_reason_for_not_writing_to_somebody_is_explained() -> None:
    text = section(GUIDE, '"Why did I get this?" "Why didn\'t I?"')
    words = [one.value for one in SuppressionReason]
    words += [mailable.NO_ADDRESS, mailable.ERASED, mailable.LEFT, mailable.NO_BASIS]
    words += [mailable.NO_BASIS_FOR_PURPOSE, mailable.DOMAIN]
    words += [NOTHING_NEW, TOLD_MEANWHILE, WITHDRAWN_SINCE]
    assert [word for word in words if word not in text] == []


def test_every_area_of_the_staff_pages_is_in_the_guide() -> None:
    rows = section(GUIDE, "The pages")
    assert [words for _, words in AREAS if f"| {words} |" not in rows] == []


# ---- targets, links, images


def test_every_make_target_is_named_in_the_readme_or_the_operations_guide() -> None:
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    said = README.read_text() + OPERATIONS.read_text()
    assert len(targets) > 5
    named_only_by_make = {"help"}  # `make` alone prints it
    assert [t for t in targets if f"make {t}" not in said] == [*named_only_by_make]


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = [*INLINE.findall(page.read_text()), *(body for _, body in fences(page))]
    named = re.findall(r"(?:^|\n)make(?: PYTHON=\S+)? ([a-z]+)", "\n".join(code))
    assert set(named) <= targets


def anchor(heading: str) -> str:
    """The address that a heading gets when the page is shown on a forge."""
    words = re.sub(r"[^\w\- ]", "", heading.lower())
    return words.replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    wrong = []
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, place = target.partition("#")
        file = (page.parent / unquote(path)).resolve() if path else page
        if not file.exists() or (
            place and place not in map(anchor, HEADING.findall(FENCE.sub("", file.read_text())))
        ):
            wrong.append(target)
    assert not wrong


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, waiting = set(), [README]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        for target in LINK.findall(prose(page)):
            file = (page.parent / target.partition("#")[0]).resolve()
            if file.suffix == ".md" and file.exists() and file not in seen:
                waiting.append(file)
    assert {shown(page) for page in PAGES} == {shown(page) for page in seen}


def test_every_image_is_small_and_used() -> None:
    images = sorted((ROOT / "docs" / "images").glob("*"))
    text = "".join(page.read_text() for page in PAGES)
    assert [i.name for i in images if i.stat().st_size > IMAGE_BYTES or i.suffix != ".png"] == []
    assert [i.name for i in images if f"images/{i.name}" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_path_that_is_named_in_a_guide_exists(page: Path) -> None:
    """Files of the program only: what is made at run time need not be there."""
    tops = "|".join(("dags", "plugins", "templates", "tests", "docs", r"contacts/s\w+"))
    code = INLINE.findall(page.read_text())
    named = {one for one in code if re.fullmatch(rf"(?:{tops})/[\w./-]+", one)}
    made_up = {"templates/campaigns/summer-news.md"}
    assert [one for one in sorted(named - made_up) if not (ROOT / one).exists()] == []


def test_modules_that_extending_names_exist() -> None:
    text = (ROOT / "docs" / "extending.md").read_text()
    parts = "(?:flows|ledger|rendering|providers|sources|engagement|web|reports|cli)"
    named = {n for n in INLINE.findall(text) if re.fullmatch(rf"{parts}/[\w/]+\.py", n)}
    assert len(named) > 10
    package = ROOT / "plugins" / "outreach"
    assert [name for name in sorted(named) if not (package / name).exists()] == []

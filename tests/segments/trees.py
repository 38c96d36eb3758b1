"""Generated rules, as trees."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from outreach.segments.tree import (
    EVERYONE,
    Contains,
    Expression,
    Happened,
    Is,
    Known,
    Not,
    both,
    either,
)
from outreach.segments.vocabulary import FACTS, FIELDS, Fact

VALUES = (
    *("Dentistry", "optometry", "Camden", "ÉCOLE surgery", "GP", "dental nurse", "U1", "corporate"),
    *("unknown", 'a "b" c', "100%", "a_b", "it's", "straße", "Ünder", "F83001"),
)
EDITIONS = ("news@one", "news@one+again1", "news@two", "other@one", "gone@never")

texts = st.sampled_from(VALUES)
named = {
    "edition": st.sampled_from(EDITIONS),
    "campaign": st.sampled_from(("news", "other", "gone")),
}


def _happened(name: str, fact: Fact) -> st.SearchStrategy[Expression]:
    of = named[fact.of] if fact.of else st.just("")
    days = st.integers(1, 40).map(lambda n: (n, None))
    since = st.dates(date(2026, 10, 1), date(2026, 11, 30)).map(lambda day: (None, day))
    never = st.just((None, None))
    when = {"never": never, "may": never | days | since, "must": days | since}[fact.window]
    return st.builds(lambda of, window: Happened(name, of, *window), of, when)


fields = st.sampled_from(sorted(FIELDS))
free = st.sampled_from(sorted(name for name, one in FIELDS.items() if not one.choices))
tests: st.SearchStrategy[Expression] = st.one_of(
    st.just(EVERYONE),
    st.builds(Is, fields, st.lists(texts, min_size=1, max_size=3, unique=True).map(tuple)),
    st.builds(Contains, free, texts),
    st.builds(Known, fields),
    *(_happened(name, fact) for name, fact in FACTS.items()),
)
trees = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: both(*parts)),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: either(*parts)),
    ),
    max_leaves=8,
)

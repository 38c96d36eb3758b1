"""Segments: a small language for whom a campaign selects. Pure: text -> tree -> words."""

from outreach.segments.reading import Reading, names_any, parse, read, reread, unknown_names
from outreach.segments.segment import Segment
from outreach.segments.tokens import Problem
from outreach.segments.tree import EVERYONE, Expression, Happened
from outreach.segments.vocabulary import ANYTHING, Vocabulary, vocabulary_of

__all__ = [
    "ANYTHING",
    "EVERYONE",
    "Expression",
    "Happened",
    "Problem",
    "Reading",
    "Segment",
    "Vocabulary",
    "names_any",
    "parse",
    "read",
    "reread",
    "unknown_names",
    "vocabulary_of",
]

"""Tokens -> tree, by hand: recursive descent, one function for each thing a rule is made of."""

from __future__ import annotations

from collections.abc import Iterable

from outreach.segments import phrases
from outreach.segments.cursor import Cursor
from outreach.segments.judging import Judge
from outreach.segments.phrases import longest
from outreach.segments.tokens import Token, Unreadable
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
from outreach.segments.vocabulary import FACTS, FIELDS
from outreach.segments.windows import window
from outreach.wording import suggest

DEEPEST = 20
MOST_TESTS = 200


class Parser(Cursor):
    """Reads one rule. Raises Unreadable where its form is wrong; `judge` notes wrong values."""

    def __init__(self, tokens: list[Token], judge: Judge, *, times: int = 1) -> None:
        super().__init__(tokens)
        self.deepest, self.most_tests = times * DEEPEST, times * MOST_TESTS
        self.judge = judge
        self.tests = 0

    def rule(self) -> Expression:
        """Read the whole rule."""
        if self.is_kind("end"):
            raise self.wrong("write whom to select, such as: everyone")
        found = self._either(0)
        if not self.is_kind("end"):
            raise self._left_over()
        return found

    def _either(self, depth: int) -> Expression:
        parts = [self._both(depth)]
        while self.is_word("or"):
            self.take()
            parts.append(self._both(depth))
        return either(*parts)

    def _both(self, depth: int) -> Expression:
        parts = [self._one(depth)]
        while self.is_word("and"):
            self.take()
            parts.append(self._one(depth))
        return both(*parts)

    def _one(self, depth: int) -> Expression:
        if depth > self.deepest:
            said = f"brackets and “not” stand more than {self.deepest} deep; write it simpler"
            raise self.wrong(said)
        if self.is_word("not"):
            self.take()
            return Not(self._one(depth + 1))
        if self.is_kind("("):
            self.take()
            inner = self._either(depth + 1)
            if not self.is_kind(")"):
                raise (
                    self.wrong("a closing bracket is missing here")
                    if self.is_kind("end")
                    else self._left_over()
                )
            self.take()
            return inner
        return self._test()

    def _test(self) -> Expression:
        self.tests += 1
        if self.tests > self.most_tests:
            raise self.wrong(f"a rule has at most {self.most_tests} tests; write it shorter")
        if fact := longest(self.tokens, self.place, phrases.facts()):
            (name, holds), taken = fact
            self.place += taken
            found = self._happened(name)
            return found if holds else Not(found)
        if field := longest(self.tokens, self.place, phrases.fields()):
            name, taken = field
            self.place += taken
            return self._compared(name)
        if self.is_word(*phrases.EVERYONE_PHRASE):
            self.take()
            return EVERYONE
        raise self._no_such_thing()

    def _happened(self, name: str) -> Happened:
        fact = FACTS[name]
        of = self.judge.named(name, fact.of, self._text(fact.example)) if fact.of else ""
        days, since = window(self, fact)
        return Happened(name, of, days, since)

    def _compared(self, name: str) -> Expression:
        field = FIELDS[name]
        found = longest(self.tokens, self.place, phrases.OPERATORS)
        if found is None:
            raise self.wrong(f"say what “{name}” is to be, such as: {field.example}")
        (operator, holds), taken = found
        if operator == "contains" and field.choices:
            said = f"“{name}” is one of a fixed list; write it as: {field.example}"
            raise self.wrong(said)
        self.place += taken
        test = self._comparison(name, operator)
        return test if holds else Not(test)

    def _comparison(self, name: str, operator: str) -> Expression:
        example = FIELDS[name].example
        if operator == "known":
            return Known(name)
        if operator == "contains":
            return Contains(name, self._text(example).value)
        written = self._list(name) if operator == "in" else [self._text(example)]
        return Is(name, tuple(dict.fromkeys(self.judge.value(name, one) for one in written)))

    def _text(self, example: str) -> Token:
        if self.is_kind("text"):
            return self.take()
        if self.is_kind("word", "number", "date") and not self.is_word(*phrases.KEYWORDS):
            written = " ".join(self._plain_words())
            raise self.wrong(f'put quotation marks round it: "{written}"')
        raise self.wrong(f"something in quotation marks is missing here, as in: {example}")

    def _plain_words(self) -> Iterable[str]:
        for token in self.tokens[self.place :]:
            if token.kind not in ("word", "number", "date"):
                return
            if token.value.lower() in phrases.KEYWORDS:
                return
            yield token.value

    def _list(self, name: str) -> list[Token]:
        example = f'{name} in ("...", "...")'
        if not self.is_kind("("):
            raise self.wrong(f"write a list in brackets: {example}")
        self.take()
        found = [self._text(example)]
        while self.is_kind(","):
            self.take()
            found.append(self._text(example))
        if not self.is_kind(")"):
            raise self.wrong(f"put a comma between the entries and a bracket after them: {example}")
        self.take()
        return found

    def _no_such_thing(self) -> Unreadable:
        if self.is_kind("end"):
            return self.wrong("the rule breaks off here; say what comes next")
        if not self.is_kind("word"):
            return self.wrong("say first what this is about, such as: sector is")
        written = self.now.value
        known = [one.phrases[0] for one in FIELDS.values()]
        known += [one.phrases[0] for one in FACTS.values()]
        return self.wrong(
            f"there is nothing called “{written}” to ask about{suggest(written, known)}"
        )

    def _left_over(self) -> Unreadable:
        if self.is_kind(")"):
            return self.wrong("this bracket closes nothing; take it out")
        return self.wrong(f"“{self.now.value}” does not fit here; join two tests with and, or")

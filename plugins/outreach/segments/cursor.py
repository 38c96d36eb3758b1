"""Where the reading of a rule stands: the token that comes next."""

from __future__ import annotations

from outreach.segments.tokens import Kind, Token, Unreadable


class Cursor:
    """A place in a rule's tokens, of which the last is of kind "end"."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.place = 0

    @property
    def now(self) -> Token:
        """The token that is read next."""
        return self.tokens[self.place]

    def take(self) -> Token:
        """Return the token that is read next, and go on."""
        token = self.now
        if token.kind != "end":
            self.place += 1
        return token

    def wrong(self, message: str) -> Unreadable:
        """Return what is wrong with the token that is read next."""
        return Unreadable(self.now.at, self.now.length, message)

    def is_word(self, *words: str) -> bool:
        """Whether one of these words comes next."""
        return self.now.kind == "word" and self.now.value.lower() in words

    def is_kind(self, *kinds: Kind) -> bool:
        """Whether a token of one of these kinds comes next."""
        return self.now.kind in kinds

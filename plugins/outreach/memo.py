"""What was worked out before, looked up: for texts that repeat through a long list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

MOST = 20_000
"""Values kept; more are forgotten all at once, where `bound` is asked."""

K = TypeVar("K")
V = TypeVar("V")


class Memo(dict[K, V]):
    """Key -> what `make` makes of it, made once. Whoever looks up many calls `bound` before."""

    def __init__(self, make: Callable[[K], V]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: K) -> V:
        value = self[key] = self._make(key)
        return value

    def bound(self) -> None:
        """Forget everything if it is more than `MOST` values."""
        if len(self) > MOST:
            self.clear()

    def all_of(self, keys: Sequence[K]) -> list[V]:
        """Return what is made of each key."""
        self.bound()
        return list(map(self.__getitem__, keys))

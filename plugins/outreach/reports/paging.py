"""One page of a long list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page (from 1), of how many rows in all, and how many rows make a page."""

    page: int
    total: int
    size: int = 50

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def offset(self) -> int:
        """How many rows stand before this page."""
        return (self.page - 1) * self.size

    @property
    def first(self) -> int:
        """Number of the first row on this page; 0 where there is none."""
        return min(self.offset + 1, self.total)

    @property
    def last(self) -> int:
        """Number of the last row on this page."""
        return min(self.offset + self.size, self.total)


def page_of(asked: int, total: int, size: int = 50) -> Paging:
    """Return the page asked for, moved to the nearest one that exists."""
    last = Paging(1, total, size).pages
    return Paging(min(max(asked, 1), last), total, size)

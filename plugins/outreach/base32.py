"""Blocks of 16 bytes -> base32 of RFC 4648 in small letters and without padding, many at once."""

from __future__ import annotations

BLOCK = 16
"""Bytes of one block."""

LENGTH = 26
"""Characters that stand for one block."""

_TOGETHER = 64
"""Blocks that are worked on as one number."""

_GROUPS = 4 * _TOGETHER
"""Groups of 5 bytes, each of which becomes 8 characters; a block is filled up to four."""

_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567"


def _all_lanes(bits: int) -> int:
    return int.from_bytes(bits.to_bytes(8, "big") * _GROUPS, "big")


# A lane of 64 bits holds a group's 40 bits. Each step parts them further: into halves of 20 bits,
# quarters of 10, eighths of 5, until there is one character's number in each byte.
_STEPS = tuple(
    (_all_lanes(low), _all_lanes(high), shift)
    for low, high, shift in (
        (0xFFFFF, 0xFFFFF00000, 12),
        (0x3FF_000003FF, 0xFFC00_000FFC00, 6),
        (0x001F_001F_001F_001F, 0x03E0_03E0_03E0_03E0, 3),
    )
)
_TABLE = _LETTERS + bytes(256 - len(_LETTERS))


def encoded(blocks: bytes) -> list[str]:
    """Return each block of 16 bytes as 26 characters (a-z and 2-7)."""
    found: list[str] = []
    step = BLOCK * _TOGETHER
    for start in range(0, len(blocks), step):
        some = blocks[start : start + step]
        text = _spread(some.ljust(step, b"\0")).translate(_TABLE).decode()
        found += [text[at : at + LENGTH] for at in range(0, 2 * len(some), 2 * BLOCK)]
    return found


def _spread(blocks: bytes) -> bytes:
    """Return 32 numbers below 32 for each block, a byte each; the first 26 are its own."""
    lanes = bytearray(8 * _GROUPS)
    for byte in range(BLOCK):
        group, place = divmod(byte, 5)
        lanes[8 * group + place + 3 :: 2 * BLOCK] = blocks[byte::BLOCK]
    number = int.from_bytes(lanes, "big")
    for low, high, shift in _STEPS:
        number = (number & low) | ((number & high) << shift)
    return number.to_bytes(len(lanes), "big")

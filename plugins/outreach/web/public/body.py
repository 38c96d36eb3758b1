"""Reading a request's body without trusting its size."""

from __future__ import annotations

from fastapi import Request


async def read_body(request: Request, limit: int) -> bytes | None:
    """Return the body, or None where it is longer than `limit` bytes."""
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > limit:
        return None
    read = bytearray()
    async for part in request.stream():
        read += part
        if len(read) > limit:
            return None
    return bytes(read)

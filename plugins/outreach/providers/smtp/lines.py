"""The lines of a message: whether mail may carry them, and what DATA does to their dots."""

from __future__ import annotations

from typing import NamedTuple


class Form(NamedTuple):
    """What a connection has to know of a message's octets.

    `whole`: its lines end with CRLF, and neither stands anywhere else. `dotted`: a line begins
    with a dot. `ascii`: no octet is above 127.
    """

    whole: bool
    dotted: bool
    ascii: bool


PLAIN = Form(whole=True, dotted=False, ascii=True)


def form_of(raw: bytes) -> Form:
    """Look through a message. That takes longer than to make one whose form is known."""
    ends = raw.count(b"\n")
    return Form(
        whole=ends == raw.count(b"\r") and ends == raw.count(b"\r\n"),
        dotted=raw.startswith(b".") or b"\n." in raw,
        ascii=raw.isascii(),
    )


def stuffed(raw: bytes, form: Form) -> bytes:
    """Return a message as DATA carries it: a dot more at each line that begins with one.

    Its last line is ended, so that the final dot stands on a line of its own (RFC 5321, 4.5.2).
    """
    if form.dotted:
        raw = raw.replace(b"\r\n.", b"\r\n..")
        raw = b"." + raw if raw.startswith(b".") else raw
    return raw if raw.endswith(b"\r\n") else raw + b"\r\n"

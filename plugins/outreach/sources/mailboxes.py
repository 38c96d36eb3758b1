"""Which addresses several people read: a practice's mailbox, not a person's.

Judged from the address alone. A person called shared is greeted without their name, which is
dull; a mailbox called a person is greeted by the name of whoever filled in a form. Words that
are surnames too (nurse, page, post) count only where nothing else stands beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PLACES = _words(
    """
    surgery surgeries practice pharmacy chemist chemists dental dentist dentists dentistry
    optician opticians optical optometrists optometry clinic healthcentre medicalcentre
    medicalpractice pcn federation
    """
)
"""One of these anywhere makes a mailbox of it: nobody is called that."""

_DESKS = _words(
    """
    reception receptionist receptionists enquiries enquiry inquiries info information
    prescription prescriptions referrals appointments bookings comms communications helpdesk
    noreply feedback complaints safeguarding payroll recruitment workflow
    """
)
"""One of these with at most one word beside it: `reception.alder`, but not `amy.lee.info`."""

_ROLES = _words(
    """
    admin administration administrator manager management managers secretary secretaries office
    team staff contact contacts mail mailbox post hello welcome general generic group shared
    nurse nurses nursing doctor doctors gp gps pharmacist pharmacists partners partner lead desk
    support service services help finance accounts hr it training education clinical medical
    health care centre center deputy assistant operations business duty on call lab results
    letters scanning records data main all everyone nhs nhsnet net london icb ccg ics nclicb
    nelicb nwlicb selicb swlicb ncl nwl swl the of and for no reply practicemanager
    practiceadmin frontdesk
    """
)
"""Only where every word is one of these, or of the others."""

_WORDS = _PLACES | _DESKS | _ROLES

_ENDINGS = (
    "surgery",
    "pharmacy",
    "reception",
    "enquiries",
    "medicalcentre",
    "medicalcenter",
    "healthcentre",
    "healthcenter",
    "medicalpractice",
    "grouppractice",
    "familypractice",
    "dentalpractice",
    "dentalcare",
    "dentalsurgery",
    "opticians",
)
_ODS = re.compile(r"(?:[a-hj-np-y]\d{5}|v\d{6})")
_NHS = ("nhs.net", "nhs.uk")


def is_shared_mailbox(address: str) -> bool:
    """Whether an address is a shared mailbox, such as info@ or one with a practice's ODS code."""
    local, _, domain = address.strip().lower().rpartition("@")
    local = local.partition("+")[0]
    runs = _RUNS(local)
    if runs and not any(map(_telling, runs)) and not _ODS.search(local):
        if len(_quiet) > _MOST_QUIET:
            _quiet.clear()
        _quiet.update(run for run in runs if len(run) > 1)
        _quiet.add("")
        return False
    words = [word for word in re.split(r"[^a-z0-9]+", local) if word]
    if not words:
        return False
    plain = [word.rstrip("0123456789") or word for word in words]
    known = [_known(word, bare) for word, bare in zip(words, plain, strict=True)]
    if all(known) or _PLACES.intersection(plain) or plain[-1].endswith(_ENDINGS):
        return True
    if _DESKS.intersection(plain):
        return len(words) <= 2 or known.count(False) <= 1
    with_code = any(_ODS.match(word) for word in words)
    return with_code and domain.endswith(_NHS)


def shared_mailboxes(addresses: Iterable[str]) -> list[bool]:
    """Return `is_shared_mailbox` of each, of addresses that are in their one form already.

    What an import asks of a million: nearly all are of a person, in words met before.
    """
    quiet = _quiet.issuperset
    return [
        not (address[0].isalpha() and quiet(address.partition("@")[0].rstrip(_DIGITS).split(".")))
        and is_shared_mailbox(address)
        for address in addresses
    ]


_DIGITS = "0123456789"
_MOST_QUIET = 50_000
_quiet: set[str] = set()
"""Words that were met and make no mailbox of an address."""

_RUNS = re.compile(r"[a-z]+").findall


@lru_cache(maxsize=50_000)
def _telling(letters: str) -> bool:
    """Whether letters without a break can make a mailbox of an address."""
    return letters in _WORDS or letters.endswith(_ENDINGS)


def _known(word: str, bare: str) -> bool:
    """Whether a word is a mailbox's and no person's."""
    if _ODS.fullmatch(word) or bare in _WORDS:
        return True
    return word.isdigit()

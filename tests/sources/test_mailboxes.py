"""A shared mailbox is known as one, and nobody's own address is taken for one."""

from __future__ import annotations

import pytest

from outreach.sources.mailboxes import is_shared_mailbox, shared_mailboxes

SHARED = [
    "info@",
    "reception@",
    "admin@",
    "enquiries@",
    "office@",
    "practice.manager@",
    "practicemanager@",
    "Reception2@",
    "gp-reception@",
    "the.surgery@",
    "hello@",
    "team@",
    "noreply@",
    "no-reply@",
    "reception.alder@",
    "alder.reception@",
    "aldersurgery@",
    "alder-pharmacy@",
    "maplepharmacy@",
    "admin.f83004@",
    "f83004@",
    "nclicb.f83004@nhs.net",
    "nclicb.f83004-reception@nhs.net",
    "gp.F83004@nhs.net",
    "barnsbury.f83004@nhs.net",
    "fc123.pharmacy@",
    "pcn.manager@",
    "dental.nurse@",
    "info+news@",
    "high.street.surgery@",
    "practice.admin@",
]

OWN = [
    "amara.okafor@",
    "a.nurse@",
    "bill.page@",
    "mark.post@",
    "grace.hall@nhs.net",
    "j.doctor@",
    "amara.okafor.admin@",
    "john.smith12@nhs.net",
    "chris.office@",
    "sam.manager@",
    "joan.mailer@",
    "infante@",
    "adminah@",
    "receptor@",
    "amara@",
    "dr.lee@",
    "okafor99@",
    "maria.contact@",
    "teamsh@",
    "helpern@",
    "practic@",
    "amara.okafor@f83004.example.org",
    "smith.j12345@",
    "ann.gp@",
]


def whole(address: str) -> str:
    return address + "example.org" if address.endswith("@") else address


@pytest.mark.parametrize("address", SHARED)
def test_a_mailbox_that_several_read_is_shared(address: str) -> None:
    assert is_shared_mailbox(whole(address))


@pytest.mark.parametrize("address", OWN)
def test_a_persons_own_address_is_not(address: str) -> None:
    assert not is_shared_mailbox(whole(address))


def test_many_addresses_at_once_are_judged_as_each_alone() -> None:
    addresses = [whole(one) for one in (*SHARED, *OWN)]
    for _ in range(2):  # the second time, every word has been met
        assert shared_mailboxes(addresses) == [is_shared_mailbox(one) for one in addresses]

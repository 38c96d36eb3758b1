"""The transition table says what design and promise say."""

from __future__ import annotations

from outreach.domain import ACCEPTED_OR_LATER, TRANSITIONS, DeliveryState, may_become

S = DeliveryState


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(DeliveryState)


def test_nothing_goes_back_to_planned_but_a_claim() -> None:
    assert {old for old in S if may_become(old, S.PLANNED)} == {S.CLAIMED}


def test_a_doubt_is_settled_only_by_proof_or_a_person() -> None:
    assert TRANSITIONS[S.UNKNOWN] == ACCEPTED_OR_LATER | {S.FAILED}


def test_once_handed_over_nothing_is_claimed_again() -> None:
    for state in ACCEPTED_OR_LATER | {S.UNKNOWN, S.FAILED, S.SUPPRESSED, S.CANCELLED}:
        assert not may_become(state, S.CLAIMED)
        assert not may_become(state, S.PLANNED)

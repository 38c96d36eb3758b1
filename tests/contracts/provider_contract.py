"""What every provider must do. A provider's tests inherit this class and give two fixtures.

`provider` is the provider under test; `arrived` is a function that returns every message it
took, as `Arrived`, read from where the provider put them and not from the provider itself.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from outreach.errors import Rejected
from outreach.providers.base import Content, Pieces, Provider
from tests.fakes.batches import handover, recipient


@dataclass(frozen=True)
class Arrived:
    """One message as a mail client would see it."""

    delivery_id: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    list_unsubscribe: tuple[str, ...]
    list_unsubscribe_post: tuple[str, ...]
    sender: str
    reply_to: str


ArrivedFunction = Callable[[], list[Arrived]]

HOSTILE = [
    "<script>alert(1)</script>",
    "*Bob* [x](http://y)",
    "{{ 7*7 }}",
    'O\'Neill & "Sons" <b>',
    "Zoë Łukasz 中文 😀",
    "~0p0~ -name- %name% #name# {name}",
    "$1 \\1 \\n",
    "a" * 500,
]


class ProviderContract:
    def test_each_person_gets_one_message_with_their_own_values(
        self, provider: Provider, arrived: ArrivedFunction
    ) -> None:
        people = [recipient(n) for n in range(5)]
        provider.hand_over(handover(*people))
        found = {one.delivery_id: one for one in arrived()}
        assert len(arrived()) == 5
        for n, person in enumerate(people):
            one = found[person.delivery_id]
            assert one.to == (person.address,)
            assert one.subject == f"News for Name{n}"
            assert one.text == f"Dear Name{n},\n\nIn Camden we...\n\nStop: {person.values[0]}\n"
            assert f"<p>Dear Name{n},</p>" in one.html
            assert f"<a href='{person.values[0]}'>" in one.html

    def test_each_person_can_unsubscribe_with_one_click(
        self, provider: Provider, arrived: ArrivedFunction
    ) -> None:
        people = {f"delivery{n}": recipient(n) for n in range(3)}
        provider.hand_over(handover(*people.values()))
        for one in arrived():
            assert one.list_unsubscribe == (f"<{people[one.delivery_id].unsubscribe_url}>",)
            assert one.list_unsubscribe_post == ("List-Unsubscribe=One-Click",)

    def test_a_message_says_whom_it_is_from(
        self, provider: Provider, arrived: ArrivedFunction
    ) -> None:
        provider.hand_over(handover(recipient(1)))
        assert arrived()[0].sender == "NCL Training Hub <hub@example.org>"
        assert arrived()[0].reply_to == "replies@example.org"

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_hostile_name_prints_as_it_is_and_does_nothing(
        self, provider: Provider, arrived: ArrivedFunction, name: str
    ) -> None:
        provider.hand_over(handover(recipient(1, name), recipient(2)))
        first, second = sorted(arrived(), key=lambda one: one.delivery_id)
        assert first.subject == f"News for {name}"
        assert first.text.startswith(f"Dear {name},\n")
        assert f"<p>Dear {html.escape(name)},</p>" in first.html.replace("&#91;", "[")
        assert "Name2" in second.text

    def test_a_full_batch_goes_through(self, provider: Provider, arrived: ArrivedFunction) -> None:
        provider.hand_over(handover(*(recipient(n) for n in range(provider.batch_size))))
        ids = [one.delivery_id for one in arrived()]
        assert len(ids) == len(set(ids)) == provider.batch_size

    def test_content_without_slots_goes_through(
        self, provider: Provider, arrived: ArrivedFunction
    ) -> None:
        fixed = Content(Pieces(("Hello",)), Pieces(("Text\n",)), Pieces(("<p>HTML</p>",)))
        provider.hand_over(handover(recipient(1), content=fixed))
        assert arrived()[0].subject == "Hello"

    def test_an_address_outside_ascii_is_refused_and_nothing_is_sent(
        self, provider: Provider, arrived: ArrivedFunction
    ) -> None:
        bad = replace(recipient(1), address="zoë@example.org")
        with pytest.raises(Rejected) as caught:
            provider.hand_over(handover(recipient(2), bad))
        assert arrived() == []
        assert "zoë" not in str(caught.value)

    @pytest.mark.parametrize("address", ["a@example.org, b@example.org", "a b@example.org", "a"])
    def test_what_is_not_one_address_is_refused(
        self, provider: Provider, arrived: ArrivedFunction, address: str
    ) -> None:
        with pytest.raises(Rejected):
            provider.hand_over(handover(replace(recipient(1), address=address)))
        assert arrived() == []

    @pytest.mark.parametrize("url", ["", "https://x\r\nBcc: a@example.org", "javascript:x"])
    def test_a_message_without_a_good_unsubscribe_link_is_refused(
        self, provider: Provider, arrived: ArrivedFunction, url: str
    ) -> None:
        with pytest.raises(Rejected):
            provider.hand_over(handover(replace(recipient(1), unsubscribe_url=url)))
        assert arrived() == []

    def test_too_few_values_are_refused(self, provider: Provider, arrived: ArrivedFunction) -> None:
        with pytest.raises(Rejected):
            provider.hand_over(handover(replace(recipient(1), values=("only one",))))
        assert arrived() == []

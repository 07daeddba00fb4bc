"""What the rehearsal counts as a find: who may see whose words, where a connection leads, whose a mailbox is."""

from __future__ import annotations

from typing import Any

import pytest

from aitpro.probes.third_parties import stays_here
from contacts.models import Inquiry
from contacts.probes.look_alikes import PAIRS
from privacy.evidence.rehearsal.canaries import Canary, CanaryKind
from privacy.evidence.rehearsal.mailboxes import envelope, mailbox
from privacy.evidence.rehearsal.rehearsal import SeenResponse
from privacy.probes.pages import THIEF, may_see, promise_of

MESSAGE = Canary("Qword", "writer", "message")
KEPT: dict[Canary, Any] = {MESSAGE: {(Inquiry, "message")}}


class Colleague:
    is_staff = True

    def __init__(self, *rights: str) -> None:
        self.rights = {*rights}

    def get_all_permissions(self) -> set[str]:
        return self.rights


def seen(who: str, user: Any = None) -> SeenResponse:
    return SeenResponse(who, "GET", "/", "", 200, {}, b"", user=user)


def test_people_see_their_own_words_and_nobody_elses() -> None:
    assert may_see(seen("writer"), MESSAGE, KEPT, set())
    assert not may_see(seen("buyer"), MESSAGE, KEPT, set())


@pytest.mark.parametrize(
    ("right", "sees"),
    [("contacts.view_inquiry", True), ("contacts.change_inquiry", True), ("shop.view_order", False)],
)
def test_staff_see_what_is_kept_in_tables_that_their_role_opens(right: str, sees: bool) -> None:
    assert may_see(seen("Mail", Colleague(right)), MESSAGE, KEPT, set()) is sees


def test_colleagues_know_each_others_names_and_no_visits() -> None:
    assert may_see(seen("Mail", Colleague()), Canary("Qname", "Shop", "name"), {}, {"Shop"})
    visit = Canary("198.18.100.100", "buyer", "network address", CanaryKind.VISIT)
    assert not may_see(seen("Mail", Colleague("affiliates.view_click")), visit, {}, set())


@pytest.mark.parametrize(
    ("who", "kind", "promise"),
    [
        ("buyer", CanaryKind.PRIVATE, "correspondence-private"),
        ("buyer", CanaryKind.VISIT, "referral-for-commission-only"),
        ("buyer", CanaryKind.DIRECT, "direct-visits-domain-only"),
        (THIEF, CanaryKind.PRIVATE, "encrypted"),
    ],
)
def test_a_find_breaks_one_promise(who: str, kind: CanaryKind, promise: str) -> None:
    assert promise_of(seen(who), Canary("Qword", "writer", "word", kind)) == promise


@pytest.mark.parametrize("address", [("127.0.0.1", 80), ("::1", 80, 0, 0), "localhost", ("localhost", 0), None])
def test_a_connection_within_the_machine_is_none_to_others(address: Any) -> None:
    assert stays_here(address)


@pytest.mark.parametrize("address", [("192.0.2.1", 53), "www.example.org", (("192.0.2.1", 53), 0)])
def test_a_connection_to_another_machine_is_found(address: Any) -> None:
    assert not stays_here(address)


def test_addresses_that_look_alike_are_read_in_different_mailboxes() -> None:
    for one, other in PAIRS:
        assert mailbox(f"anna{one}") != mailbox(f"anna{other}")
    assert mailbox("ANNA@Example.ORG") == mailbox("anna@example.org")
    assert envelope("Anna@STRAẞE.example") == "Anna@xn--strae-oqa.example"

"""Codes that affiliates choose: readable, unlike anybody else's, at most three, and former ones keep working."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from affiliates.membership.own_code import MOST_CHOSEN, RESERVED
from affiliates.models import Affiliate, AffiliateCode, Click
from privacy.audit.models import AuditEntry
from tests import factories
from tests.affiliates.portal.pages import text_of
from tests.cast import signed_in

pytestmark = pytest.mark.usefixtures("clock")

PAGE = "/affiliates/portal/profile/code/"
TAKEN = "This code is taken, or looks too much like one that is."


def choose(affiliate: Affiliate, code: str) -> str:
    return signed_in(affiliate.user).post(PAGE, {"code": code}, follow=True).content.decode()


def code_of(affiliate: Affiliate) -> str:
    affiliate.refresh_from_db()
    return str(affiliate.code)


@pytest.mark.parametrize(
    ("typed", "code"), [("secure-blog", "SECURE-BLOG"), (" wp4you ", "WP4YOU"), ("ＢＬＯＧ2026", "BLOG2026")]
)
def test_affiliate_chooses_a_code(alice: Affiliate, client: Client, typed: str, code: str) -> None:
    assert "Your code is changed" in choose(alice, typed)
    assert code_of(alice) == code
    assert AuditEntry.objects.get(action="affiliates.code.changed").actor == alice.user.pk
    for address in (f"/go/{code}/", "/?ref=demo"):
        Client().get(address)
    assert Click.objects.filter(affiliate=alice).count() == 2
    assert code in text_of(alice.user, "profile/")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "Enter the code that you want."),
        ("abc", "Use 4 to 20 characters."),
        ("a" * 21, "Use 4 to 20 characters."),
        ("a" * 5000, "Use 4 to 20 characters."),
        ("secure_blog", "Use letters from A to Z and digits"),
        ("-secure", "Use letters from A to Z and digits"),
        ("sécurité", "Use letters from A to Z and digits"),
        ("bl\u043eg", "Use letters from A to Z and digits"),
        ("wp 4 you", "with hyphens between words instead of spaces"),
        ("blog/../admin", "Use letters from A to Z and digits"),
        ("123456", "Use at least one letter."),
        ("demo", "This is your code already."),
        ("0fficial", "contains a word that buyers would take for ours"),
        ("my-paypa1", "contains a word that buyers would take for ours"),
        ("a1tpro", "contains a word that buyers would take for ours"),
    ],
)
def test_code_outside_the_rules_is_refused_with_reason_and_kept_as_typed(
    alice: Affiliate, typed: str, reason: str
) -> None:
    page = choose(alice, typed)
    assert reason in page
    assert f'value="{typed}"' in page or not typed
    assert code_of(alice) == "DEMO"


def test_reserved_words_are_upper_case() -> None:
    assert all(word.isalpha() and word.isupper() for word in RESERVED)


@pytest.mark.parametrize("typed", ["HARBOR-1", "harb0r-1", "HAR-BORI", "HARBORL", "harbor1"])
def test_code_that_looks_like_anothers_is_refused(alice: Affiliate, erin: Affiliate, typed: str) -> None:
    choose(erin, "HARBOR1")
    assert TAKEN in choose(alice, typed)
    assert code_of(alice) == "DEMO"


@pytest.mark.parametrize("typed", ["GRAND", "GRAN-D", "6RAND", "GPAND"])
def test_code_that_looks_like_one_given_by_staff_is_refused(alice: Affiliate, typed: str) -> None:
    factories.affiliate("frank@example.com", "GRAND")
    refused = TAKEN in choose(alice, typed)
    assert refused == (typed != "GPAND")


def test_own_look_alike_is_refused_with_its_own_reason(alice: Affiliate) -> None:
    choose(alice, "SECURE-BLOG")
    assert "You have a code that looks like this one" in choose(alice, "5ECUREBLOG")


def test_number_of_chosen_codes_is_limited_and_former_ones_can_be_taken_up_again(alice: Affiliate) -> None:
    for number, name in enumerate(["FIRST-BLOG", "OTHER-NAME", "THIRD-TRY"], 1):
        assert f"You can choose {MOST_CHOSEN - number + 1} more" in text_of(alice.user, "profile/code/")
        assert "Your code is changed" in choose(alice, name)
    assert "You have chosen 3 codes, which is the most" in choose(alice, "FOURTH-TRY")
    assert "Your code is changed" in choose(alice, "first-blog")
    assert code_of(alice) == "FIRST-BLOG"
    assert "Your code is changed" in choose(alice, "demo")
    assert alice.codes.count() == 4


def test_code_of_another_affiliate_is_refused_after_it_was_replaced(alice: Affiliate, erin: Affiliate) -> None:
    choose(erin, "NEW-ERIN")
    assert TAKEN in choose(alice, "ERIN")
    assert TAKEN in choose(alice, "NEW-ERIN")


def test_suspended_affiliate_cannot_choose_a_code(alice: Affiliate) -> None:
    Affiliate.objects.update(state="suspended")
    choose(alice, "SECURE-BLOG")
    assert code_of(alice) == "DEMO"


def test_form_sent_twice_changes_the_code_once(alice: Affiliate) -> None:
    client = signed_in(alice.user)
    for _ in range(2):
        client.post(PAGE, {"code": "SECURE-BLOG"}, follow=True)
    assert code_of(alice) == "SECURE-BLOG"
    assert alice.codes.filter(is_chosen=True).count() == 1


def test_database_refuses_chosen_code_that_looks_like_a_chosen_one(alice: Affiliate, erin: Affiliate) -> None:
    choose(alice, "HARBOR1")
    with pytest.raises(IntegrityError), transaction.atomic():
        AffiliateCode.objects.create(affiliate=erin, code="HARBORL", look="HARBORL", is_chosen=True)


@pytest.mark.django_db(transaction=True)
def test_two_affiliates_choose_look_alikes_at_once_and_one_gets_it(alice: Affiliate, erin: Affiliate) -> None:
    barrier, clients = threading.Barrier(2), [signed_in(one.user) for one in (alice, erin)]

    def post(client: Client, code: str) -> None:
        barrier.wait()
        client.post(PAGE, {"code": code}, follow=True)
        connection.close()

    threads = [threading.Thread(target=post, args=each) for each in zip(clients, ["HARBOR1", "HARBORL"], strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AffiliateCode.objects.filter(is_chosen=True).count() == 1

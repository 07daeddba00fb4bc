"""/privacy/request/<token>/: one press of the button, once, within seven days, does what was asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone

from affiliates.models import Affiliate
from contacts.models import Inquiry
from privacy.admin_base.refusals import ActionRefused
from privacy.consent.opt_outs import is_opted_out
from privacy.encryption.tokens import hash_token
from privacy.models import AccessArchive, PrivacyRequest, Suppression
from privacy.registry.deadlines import deadlines_of
from privacy.registry.purposes import Channel
from privacy.requests import answer_with_opt_out, mailed_link, receive_request
from shop.models import Product
from tests import factories
from tests.privacy.conftest import ERIN
from tests.privacy.inbox import link_mailed_to
from tests.privacy.stored import anew

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def link(kind: str = "access", email: str = "erin@example.org") -> str:
    receive_request(email=email, kind=kind, details="", now=timezone.now())
    return link_mailed_to(email)


def text(response: Any) -> str:
    page = BeautifulSoup(response.content, "html.parser")
    assert "UNDEFINED" not in page.get_text()
    return " ".join((page.find("main") or page).get_text(" ").split())


def test_opening_the_link_does_nothing(client: Client) -> None:
    """Programs that look through mails follow links, too."""
    factories.inquiry("erin@example.org")
    path = link("deletion")
    for method in (client.get, client.head, client.options):
        method(path)
    assert Inquiry.objects.exists()
    assert PrivacyRequest.objects.get().state == "unconfirmed"
    assert "Delete my data" in text(client.get(path))


def test_a_form_from_elsewhere_does_not_press_the_button() -> None:
    path = link("deletion")
    assert Client(enforce_csrf_checks=True).post(path).status_code == 403
    assert PrivacyRequest.objects.get().state == "unconfirmed"


@pytest.mark.parametrize("kind", PrivacyRequest.Kind.values)
def test_a_button_works_once_and_whoever_presses_again_gets_the_same_page(client: Client, kind: str) -> None:
    path = link(kind)
    first = client.post(path, follow=True)
    assert first.status_code == 200
    done = list(PrivacyRequest.objects.values()), AccessArchive.objects.count(), Suppression.objects.count()
    for again in (client.post(path, follow=True), client.get(path, follow=True)):
        assert again.status_code == 200
        assert again.redirect_chain[-1] == first.redirect_chain[-1]
        assert text(again) == text(first)
    assert (list(PrivacyRequest.objects.values()), AccessArchive.objects.count(), Suppression.objects.count()) == done


@pytest.mark.parametrize("kind", ["access", "deletion", "correction"])
def test_a_used_link_whose_result_is_gone_says_so(client: Client, clock: time_machine.Traveller, kind: str) -> None:
    path = link(kind)
    client.post(path)
    clock.shift(timedelta(days=7))
    over = client.get(path, follow=True)
    assert over.status_code == 410
    assert "It has already been used" in text(over)
    assert f'href="/privacy/request/?kind={kind}"' in over.content.decode()


def test_of_two_clicks_at_once_one_counts() -> None:
    found = mailed_link(link().strip("/").rpartition("/")[2])
    assert found is not None
    assert [found.confirm("access", now=timezone.now()) is None for _ in range(2)] == [False, True]


@pytest.mark.parametrize(("age", "works"), [(timedelta(days=7, seconds=-1), True), (timedelta(days=7), False)])
def test_a_link_works_for_seven_days(
    client: Client, clock: time_machine.Traveller, age: timedelta, works: bool
) -> None:
    path = link()
    clock.shift(age)
    assert client.get(path).status_code == (200 if works else 410)
    assert client.post(path).status_code == (302 if works else 410)


@pytest.mark.parametrize("token", ["x", "x" * 43, "%00", "..%2f", "é" * 500])
def test_a_made_up_link_is_over_like_any_other(client: Client, token: str) -> None:
    assert client.get(f"/privacy/request/{token}/").status_code in (404, 410)
    assert client.post(f"/privacy/request/{token}/").status_code in (404, 410)


def test_the_stored_digest_is_no_link(client: Client) -> None:
    link()
    digest = PrivacyRequest.objects.get().link_digest
    assert digest is not None
    assert client.post(f"/privacy/request/{digest}/").status_code == 410
    assert digest != hash_token(digest)


def test_access_is_answered_at_once(client: Client, erin_and_frank: None) -> None:
    response = client.post(link(email=ERIN), follow=True)
    assert "Your archive is ready" in text(response)
    request = PrivacyRequest.objects.get(kind="access")
    assert (request.state, request.answered_at) == ("answered", timezone.now())
    assert (request.identity, request.outcome) == ("link", "answered")
    assert request.acknowledged_at == timezone.now()
    assert request.due_at == datetime(2026, 4, 17, 6, 59, 59, tzinfo=UTC)  # the end of 16 April in California
    assert request.keep_until == datetime(2028, 3, 2, 12, 0, tzinfo=UTC)


def test_deletion_reports_what_went_and_what_stays_and_why(client: Client, erin_and_frank: None) -> None:
    said = text(client.post(link("deletion", email=ERIN), follow=True))
    assert "Your data is deleted" in said
    assert "Your messages to us: 1 deleted." in said
    assert "Your orders: 1 anonymized, because tax records keep amounts and dates" in said
    assert "Do-not-contact entries: 1 kept, because without it, this site could contact you again." in said
    assert "Deletion marker: 1 kept, because otherwise restoring an older backup would bring your data back" in said
    assert "Your privacy requests: 2 anonymized, because the law requires a record of each request" in said
    assert said.count("Your privacy requests:") == 1
    record = PrivacyRequest.objects.get(kind="deletion")
    assert (record.state, record.email) == ("answered", None)
    assert record.reference in said


def test_deletion_of_somebody_unknown_says_that_the_request_is_all_there_was(client: Client) -> None:
    said = text(client.post(link("deletion"), follow=True))
    assert "Your privacy requests: 1 anonymized, because" in said
    assert "Your orders" not in said


def test_stop_contact_closes_every_channel(client: Client) -> None:
    assert "We no longer contact you" in text(client.post(link("stop_contact"), follow=True))
    assert all(is_opted_out("ERIN@example.org", channel) for channel in Channel)
    assert PrivacyRequest.objects.get().state == "answered"


def test_stop_contact_twice_is_stop_contact(client: Client) -> None:
    client.post(link("stop_contact"))
    client.post(link("stop_contact", email="ERIN@example.org"))
    assert Suppression.objects.count() == len(Channel)
    request = PrivacyRequest.objects.first()
    assert request is not None
    with pytest.raises(ActionRefused, match="no longer open"):
        answer_with_opt_out(request=request, now=timezone.now())


@pytest.mark.parametrize("kind", ["correction", "complaint"])
def test_request_that_staff_must_answer_stays_open_with_a_due_date(client: Client, kind: str) -> None:
    said = text(client.post(link(kind), follow=True))
    request = PrivacyRequest.objects.get()
    assert request.is_open
    assert "by April 16, 2026" in said
    assert request.reference in said


def test_the_days_for_an_answer_count_from_receipt_not_from_the_click(
    client: Client, clock: time_machine.Traveller
) -> None:
    received, path = timezone.now(), link("complaint")
    clock.shift(timedelta(days=6))
    client.post(path)
    assert PrivacyRequest.objects.get().due_at == deadlines_of(received).answer_by


def test_a_link_of_somebody_erased_in_the_meantime_is_over(client: Client, product: Product, alice: Affiliate) -> None:
    """Confirmed, it would be answered with the rows of everybody who was erased: they all have no address."""
    waiting = link("access")
    factories.order(product, email="frank@example.org")
    client.post(link("deletion", email="frank@example.org"))
    client.post(link("deletion"))
    assert client.post(waiting).status_code == 410
    assert not AccessArchive.objects.filter(request__kind="access").exists()


@pytest.mark.parametrize("kind", ["access", "correction", "deletion"])
def test_an_unconfirmed_request_that_needs_proof_is_not_open(kind: str) -> None:
    link(kind)
    request = PrivacyRequest.objects.get()
    assert not request.is_open
    assert not PrivacyRequest.objects.open().exists()
    assert anew(request).due_at is None

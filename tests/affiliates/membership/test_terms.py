"""Terms: published versions never change, and affiliates accept each one before links and payouts go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.membership.terms import accept_terms, announce_new_terms, current_terms
from affiliates.models import Affiliate, Attribution, TermsAcceptance, TermsVersion
from affiliates.payouts.eligibility import Ineligibility, ineligibility
from affiliates.payouts.runs import prepare_payout
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.models import AuditEntry
from privacy.registry.deadlines import business_zone
from shop.models import Product
from shop.terms.publishing import publish_terms
from tests.affiliates.sales import approved_sale
from tests.shop.purchases import FORM

pytestmark = pytest.mark.usefixtures("clock")

Work = Callable[[], int]

TERMS = "/affiliates/terms/"
PORTAL = "/affiliates/portal/"
ACCEPT = "/affiliates/portal/terms/"
ADMIN = "/admin/affiliates/termsversion/"


def new_version(by: User, effective_from: datetime | None = None, number: int = 2) -> TermsVersion:
    version = TermsVersion.objects.create(number=number, text="# New\n\nWe pay twice.", changes="We pay twice.")
    publish_terms(version=version, effective_from=effective_from or timezone.now(), actor=by)
    version.refresh_from_db()
    return version


def test_terms_page_shows_current_and_earlier_versions(
    clock: time_machine.Traveller, client: Client, bob: User
) -> None:
    first = client.get(TERMS).content.decode()
    assert "Version 1," in first
    assert "30% of the net price" in first
    assert "All versions" not in first
    new_version(bob, timezone.now() + timedelta(days=1))
    assert "30% of the net price" in client.get(TERMS).content.decode()
    assert "We pay twice" in client.get(f"{TERMS}?version=2").content.decode()
    clock.shift(timedelta(days=1))
    now = client.get(TERMS).content.decode()
    assert "We pay twice" in now
    assert "30% of the net price" not in now
    assert "30% of the net price" in client.get(f"{TERMS}?version=1").content.decode()


@pytest.mark.parametrize("version", ["9", "x", "-1", "99999999999", "²"])
def test_terms_page_with_unknown_version_shows_current_terms(client: Client, db: None, version: str) -> None:
    assert "Version 1," in client.get(TERMS, {"version": version}).content.decode()


def test_terms_draft_is_not_public(client: Client, db: None) -> None:
    TermsVersion.objects.create(number=2, text="Secret plans.")
    assert "Version 1," in client.get(f"{TERMS}?version=2").content.decode()


def test_portal_requires_accepting_new_terms(browser: Client, alice: Affiliate, bob: User) -> None:
    assert "/go/DEMO/" in browser.get(PORTAL).content.decode()
    version = new_version(bob)
    page = browser.get(PORTAL, follow=True)
    assert page.redirect_chain == [(ACCEPT, 302)]
    assert "We pay twice" in page.content.decode()
    assert "Please check this box to accept" in browser.post(ACCEPT, {"version": 2}).content.decode()
    assert not TermsAcceptance.objects.filter(version=version).exists()
    after = browser.post(ACCEPT, {"version": 2, "accept": "on"}, follow=True)
    assert after.redirect_chain[-1][0] == PORTAL
    assert "/go/DEMO/" in after.content.decode()
    acceptance = TermsAcceptance.objects.get(version=version)
    assert acceptance.affiliate == alice
    entry = AuditEntry.objects.get(action="affiliates.terms.accepted")
    assert (entry.object_id, entry.actor) == (str(alice.pk), alice.user_id)


def test_outdated_terms_form_is_not_accepted(browser: Client, bob: User) -> None:
    new_version(bob)
    page = browser.post(ACCEPT, {"version": 1, "accept": "on"}).content.decode()
    assert "while you were reading" in page
    assert not TermsAcceptance.objects.filter(version__number=2).exists()


def test_affiliate_who_accepted_terms_is_not_asked_again(browser: Client) -> None:
    assert browser.get(ACCEPT).headers["Location"] == PORTAL


def test_profile_and_closing_work_without_accepting_terms(browser: Client, bob: User) -> None:
    new_version(bob)
    assert browser.get("/affiliates/portal/profile/").status_code == 200
    assert browser.get("/affiliates/portal/profile/close/").status_code == 200


def test_payouts_wait_for_terms_acceptance(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    version = new_version(bob)
    assert ineligibility(alice, due_minor=1799) is Ineligibility.TERMS
    with pytest.raises(ActionRefused):
        prepare_payout(currency="USD", actor=bob)
    alice.refresh_from_db()
    accept_terms(affiliate=alice, version=version, now=timezone.now(), actor=alice.user)
    assert str(prepare_payout(currency="USD", actor=bob).open_total) == "$17.99"


def test_links_count_under_previously_accepted_terms(
    client: Client, alice: Affiliate, product: Product, bob: User
) -> None:
    new_version(bob)
    client.get("/go/DEMO/products/bps-pro/")
    client.post("/checkout/bps-pro/", FORM)
    attribution = Attribution.objects.get()
    assert (attribution.affiliate, attribution.terms_version) == (alice, "1")


@pytest.mark.parametrize(("wait", "asked"), [(timedelta(hours=1, seconds=-1), False), (timedelta(hours=1), True)])
def test_terms_take_effect_at_their_time(
    clock: time_machine.Traveller, alice: Affiliate, bob: User, wait: timedelta, asked: bool
) -> None:
    new_version(bob, timezone.now() + timedelta(hours=1))
    clock.shift(wait)
    assert (ineligibility(alice, due_minor=1799) is Ineligibility.TERMS) == asked


def test_new_terms_are_announced_once_per_affiliate(
    clock: time_machine.Traveller, alice: Affiliate, bob: User, work: Work
) -> None:
    new_version(bob, timezone.now() + timedelta(days=30))
    assert announce_new_terms(now=timezone.now()) == 1
    assert announce_new_terms(now=timezone.now()) == 0
    work()
    [message] = mail.outbox
    assert message.to == ["alice@example.com"]
    assert "April 1, 2026" in str(message.body)
    assert "We pay twice." in str(message.body)


def test_first_terms_are_not_announced(alice: Affiliate) -> None:
    assert announce_new_terms(now=timezone.now()) == 0


def test_staff_draft_review_and_publish_terms(staff: Client, alice: Affiliate) -> None:
    assert "We notify you by email" in staff.get(f"{ADMIN}add/").content.decode()  # the last text to start from
    staff.post(f"{ADMIN}add/", {"changes": "Twice.", "text": "We pay twice."})
    draft = TermsVersion.objects.get(number=2)
    assert draft.is_draft
    page = staff.get(f"{ADMIN}{draft.pk}/publish/").content.decode()
    assert "1 active affiliate will be notified" in page
    moment = timezone.now() + timedelta(days=30)
    answer = {"effective_from_0": f"{moment:%Y-%m-%d}", "effective_from_1": "09:00:00"}
    staff.post(f"{ADMIN}{draft.pk}/publish/", answer)
    draft.refresh_from_db()
    assert draft.effective_from is not None
    effective_from = draft.effective_from.astimezone(business_zone())  # staff type the business's time
    assert f"{effective_from:%Y-%m-%d %H:%M}" == f"{moment:%Y-%m-%d} 09:00"
    assert staff.post(f"{ADMIN}{draft.pk}/change/", {"changes": "x", "text": "x"}).status_code == 403
    assert AuditEntry.objects.filter(action="affiliates.terms.published").count() == 1


@pytest.mark.parametrize(
    ("changes", "day", "message"),
    [("Twice.", "2020-01-01", "This time has passed"), ("", "2036-01-01", "describe the changes in a few sentences")],
)
def test_invalid_publication_of_terms_is_refused_with_reason(
    staff: Client, changes: str, day: str, message: str
) -> None:
    draft = TermsVersion.objects.create(number=2, text="Twice.", changes=changes)
    answer = {"effective_from_0": day, "effective_from_1": "09:00:00"}
    assert message in staff.post(f"{ADMIN}{draft.pk}/publish/", answer).content.decode()
    draft.refresh_from_db()
    assert draft.is_draft


def test_terms_version_is_published_once(bob: User) -> None:
    version = new_version(bob, timezone.now() + timedelta(days=1))
    with pytest.raises(ActionRefused, match="already published"):
        publish_terms(version=version, effective_from=timezone.now() + timedelta(days=2), actor=bob)


def test_older_draft_cannot_be_published_after_newer_version(bob: User) -> None:
    draft = TermsVersion.objects.create(number=2, text="Twice.", changes="Twice.")
    new_version(bob, number=3)
    with pytest.raises(ActionRefused, match="Version 3 was published in the meantime"):
        publish_terms(version=draft, effective_from=timezone.now() + timedelta(days=2), actor=bob)


def test_terms_version_takes_effect_after_previous_one(bob: User) -> None:
    new_version(bob, timezone.now() + timedelta(days=2))
    draft = TermsVersion.objects.create(number=3, text="Thrice.", changes="Thrice.")
    with pytest.raises(ActionRefused, match="choose a later day"):
        publish_terms(version=draft, effective_from=timezone.now() + timedelta(days=1), actor=bob)


def test_database_protects_published_terms_and_acceptances(alice: Affiliate) -> None:
    version = current_terms()
    assert version is not None
    accept_terms(affiliate=alice, version=version, now=timezone.now(), actor=None)
    published = TermsVersion.objects.filter(pk=version.pk)
    accepted = TermsAcceptance.objects.all()
    assert published.exists()
    assert accepted.exists()
    for change in (
        lambda: published.update(text="x"),
        lambda: published.update(effective_from=None, published_at=None),
        lambda: accepted.update(accepted_at=timezone.now() + timedelta(days=1)),
        lambda: _delete_past_django(accepted.get()),
        lambda: _delete_past_django(version),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def _delete_past_django(row: Model) -> None:
    queryset = type(row)._base_manager.filter(pk=row.pk)
    queryset._raw_delete(queryset.db)

"""The terms of the shop: drafts on a fresh site, published by staff, public in all versions, and then immutable."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from privacy.admin_base.refusals import ActionRefused
from privacy.audit.models import AuditEntry
from shop.models import AcceptedTerms, Order, Product, ShopTerms
from shop.staff_tasks import contradicting_terms, unpublished_terms
from shop.terms.first_drafts import first_text
from shop.terms.publishing import publish_terms, start_next_version
from tests import factories

from .published import publish_first_terms, publish_next

pytestmark = pytest.mark.usefixtures("clock")

ADMIN = "/admin/shop/shopterms/"
DOCUMENTS = ["sale", "refunds", "license"]


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_fresh_site_has_a_draft_of_each_document_and_publishes_none(client: Client, db: None) -> None:
    assert sorted(ShopTerms.objects.values_list("document", "number")) == [
        ("license", 1),
        ("refunds", 1),
        ("sale", 1),
    ]
    assert unpublished_terms(timezone.now()).count == 3
    assert page(client, "/terms/").count("Not published yet") == 3
    assert "not published yet" in page(client, "/terms/sale/")
    assert "Who sells to you" not in page(client, "/terms/sale/?version=1")


def test_published_documents_state_the_facts_of_the_business(client: Client, db: None) -> None:
    publish_first_terms()
    assert unpublished_terms(timezone.now()).count == 0
    assert "Not published yet" not in page(client, "/terms/")
    sale = page(client, "/terms/sale/")
    assert "<h1>Terms of sale</h1>" in sale
    assert "<h2>Who sells to you</h2>" in sale
    assert "AITpro Website Design &amp; Security, 81 N Katherine Dr, Ventura" in sale
    assert "within 30 days of your payment" in page(client, "/terms/refunds/")
    assert "Your license key" in page(client, "/terms/license/")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_first_text_has_no_literals_of_one_vendor(settings: Settings, document: str) -> None:
    settings.BUSINESS = {name: f"<{name}>" for name in settings.BUSINESS}
    settings.REFUND_DAYS, settings.INQUIRY_ANSWER_DAYS, settings.DOWNLOADS_PER_ORDER = 91, 92, 93
    text = first_text(document)
    assert not [word for word in ("AITpro", "BPS", "Ventura", "30 days", "{", "}") if word in text]
    if document == "refunds":
        assert "within 91 days" in text


@pytest.mark.parametrize("address", ["/terms/privacy/", "/terms/SALE/", "/terms/affiliates/"])
def test_unknown_document_is_404(client: Client, db: None, address: str) -> None:
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("version", ["9", "x", "-1", "²", "0x1"])
def test_unknown_version_shows_the_current_one(client: Client, db: None, version: str) -> None:
    publish_first_terms()
    response = client.get("/terms/sale/", {"version": version})
    assert "Version 1," in response.content.decode()


def test_each_older_version_stays_public(client: Client, db: None) -> None:
    publish_first_terms()
    publish_next("sale", adding="We deliver by balloon.", effective_from=timezone.now() + timedelta(days=1))
    assert "by balloon" not in page(client, "/terms/sale/")
    assert "by balloon" in page(client, "/terms/sale/?version=2")
    assert "not the current version" in page(client, "/terms/sale/?version=2")
    with_next = ShopTerms.objects.get(document="sale", number=2)
    assert with_next.effective_from is not None
    assert "All versions" in page(client, "/terms/sale/")
    assert "All versions" not in page(client, "/terms/refunds/")


def test_staff_revise_review_and_publish(staff: Client) -> None:
    publish_first_terms()
    first = ShopTerms.objects.get(document="refunds")
    staff.post(f"{ADMIN}{first.pk}/revise/")
    draft = ShopTerms.objects.get(document="refunds", number=2)
    assert draft.text == first.text
    staff.post(f"{ADMIN}{draft.pk}/change/", {"changes": "Kinder.", "text": draft.text + "\n\n<b>Kinder</b>"})
    draft.refresh_from_db()
    assert "Kinder" not in draft.text  # HTML is rejected
    staff.post(f"{ADMIN}{draft.pk}/change/", {"changes": "Kinder.", "text": draft.text + "\n\n# Kinder"})
    assert "<h2>Kinder</h2>" in staff.get(f"{ADMIN}{draft.pk}/publish/").content.decode()
    moment = timezone.now() + timedelta(days=1)
    answer = {"effective_from_0": f"{moment:%Y-%m-%d}", "effective_from_1": "09:00:00"}
    staff.post(f"{ADMIN}{draft.pk}/publish/", answer)
    draft.refresh_from_db()
    assert not draft.is_draft
    assert staff.post(f"{ADMIN}{draft.pk}/change/", {"changes": "x", "text": "x"}).status_code == 403
    assert AuditEntry.objects.filter(action="shop.terms.published", object_id=str(draft.pk)).count() == 1


def test_one_draft_at_a_time(db: None) -> None:
    publish_first_terms()
    first = ShopTerms.objects.get(document="sale")
    start_next_version(version=first, actor=None)
    with pytest.raises(ActionRefused, match="a draft of the next version already"):
        start_next_version(version=first, actor=None)


def test_refund_policy_that_contradicts_the_setting_is_not_published(settings: Settings, db: None) -> None:
    settings.REFUND_DAYS = 60
    draft = ShopTerms.objects.get(document="refunds")
    with pytest.raises(ActionRefused, match="doesn't say “60 days”"):
        publish_terms(version=draft, effective_from=timezone.now(), actor=None)


def test_setting_that_contradicts_the_published_refund_policy_is_a_staff_task(settings: Settings, db: None) -> None:
    publish_first_terms()
    assert contradicting_terms(timezone.now()).count == 0
    settings.REFUND_DAYS = 60
    assert contradicting_terms(timezone.now()).overdue == 1


def test_versions_are_numbered_per_document(db: None) -> None:
    publish_first_terms()
    assert publish_next("sale").number == 2
    assert publish_next("license").number == 2


def test_database_protects_published_terms(db: None) -> None:
    publish_first_terms()
    published = ShopTerms.objects.filter(document="sale")
    for change in (
        lambda: published.update(text="x"),
        lambda: published.update(effective_from=None, published_at=None),
        lambda: published._raw_delete(published.db),
        lambda: ShopTerms.objects.create(document="sale", number=1, text="another one"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_database_refuses_acceptance_of_what_was_not_in_effect(product: Product) -> None:
    draft = ShopTerms.objects.get(document="sale")
    order = factories.order(product)
    with pytest.raises(IntegrityError), transaction.atomic():
        AcceptedTerms.objects.create(order=order, document="sale", version=draft)
    publish_terms(version=draft, effective_from=timezone.now() + timedelta(hours=1), actor=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        AcceptedTerms.objects.create(order=order, document="sale", version=draft)
    later = timezone.now() + timedelta(hours=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        AcceptedTerms.objects.create(order=order, document="refunds", version=draft, accepted_at=later)
    accepted = AcceptedTerms.objects.create(order=order, document="sale", version=draft, accepted_at=later)
    for change in (
        lambda: AcceptedTerms.objects.update(order=factories.order(product)),
        lambda: AcceptedTerms.objects.filter(pk=accepted.pk)._raw_delete(connection.alias),
        lambda: AcceptedTerms.objects.create(order=order, document="sale", version=draft, accepted_at=later),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert Order.objects.get(pk=order.pk).accepted_terms.count() == 1

"""The admin: every list and page opens with a fixed number of queries, and its history names nobody."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import flatten
from django.contrib.contenttypes.models import ContentType
from django.contrib.redirects.models import Redirect
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from affiliates.commissions.adjustments import adjust_ledger
from affiliates.commissions.flags import raise_flag
from affiliates.commissions.objections import open_objection
from affiliates.commissions.rates import set_rate
from affiliates.models import (
    Affiliate,
    AffiliateGroup,
    Announcement,
    Application,
    Commission,
    Creative,
    LedgerCheck,
    PayoutRun,
    TermsVersion,
)
from affiliates.payouts.runs import prepare_payout
from aitpro.pages.models import Page, SiteQuestion
from clients.models import Agreement, Quote
from contacts.inquiries.workflow import answer_inquiry
from contacts.models import Inquiry, SavedReply, Service
from privacy.audit.models import AuditEntry
from privacy.registry.declarations import PersonalData, declaration_for
from shop.models import DiscountCode, Order, Payment, PayPalEvent, Product, RefundRequest, ShopTerms
from shop.money import Money
from tests import factories
from tests.affiliates.sales import approved_sale, refund
from tests.api.programs import token_of

OWN = {"affiliates", "api", "clients", "contacts", "pages", "redirects", "shop"}
MODELS = [model for model in admin.site._registry if model._meta.app_label in OWN]
# A whole account; a conversation with its person; a run, with whom it would leave out and why, who else may approve it
# and what its payouts are called; an order and a refund request with all that belongs to them.
QUERIES = {Affiliate: 34, Inquiry: 49, PayoutRun: 21, Quote: 40, Order: 39, RefundRequest: 37}
# Below it, what the listed commissions add up to. On PostgreSQL, the audit entry of a list takes a lock: one more.
LISTS: dict[type[models.Model], int] = {Commission: 12, RefundRequest: 11}
IN_A_LINE_OF_THE_PAGE = {
    "affiliates.Application.website",  # in `site`, a link that tells no source
    "affiliates.Commission.reason",
    *(f"contacts.IncomingMail.{column}" for column in ("raw", "content_digest", "message_id")),  # `original`
}
PERSONAL = ("alice1@example.com", "carol@example.org", "dave@example.org", "Carol", "Dave", "203.0.113.77")


def some_of_everything(product: Product, bob: User, number: int) -> None:
    """A row or more of every model that staff see."""
    affiliate = factories.affiliate(f"alice{number}@example.com", f"CODE{number}")
    set_rate(affiliate=affiliate, percent=Decimal(30), actor=bob)
    AffiliateGroup.objects.create(name=f"Group {number}")
    for _ in range(2):
        commission = approved_sale(affiliate, product)
    refund(commission, "20.00")
    open_objection(commission=commission, text="Dave paid more.", actor=affiliate.user)
    LedgerCheck.objects.create(paypal=True)
    Creative.objects.create(name="A sentence", words="Guards a site.")
    Announcement.objects.create(title="Holidays", text="We pay in January.")
    DiscountCode.objects.create(code=f"AUTUMN{number}", percent=Decimal(10))
    Service.objects.create(slug=f"design-{number}", name="Design", summary="Sites.", text="We design **sites**.")
    Page.objects.create(
        title="A guide", slug=f"guide-{number}", summary="How to begin.", text="Begin.", is_published=True
    )
    SiteQuestion.objects.create(question="Do you travel?", answer="By train.")
    Redirect.objects.create(site_id=1, old_path=f"/old-{number}/", new_path="/services/")
    prepare_payout(currency="USD", actor=bob)
    token_of(affiliate.user)
    adjust_ledger(affiliate=affiliate, amount=Money(500, "USD"), reason="Thank you.", actor=bob)
    raise_flag(attribution=commission.attribution, kind="by_staff")
    SavedReply.objects.create(title=f"Hours {number}", body="Dear {name}")
    Agreement.objects.create(name="Dave", email="dave@example.org", subject="Care", starts_on=date(2026, 2, 1))
    factories.incoming_mail(state="held", raw=b"From: dave@example.org")
    inquiry = factories.inquiry()
    factories.quote(inquiry)
    for _ in range(number):
        answer_inquiry(inquiry=inquiry, body="Good day.", actor=factories.user(f"staff{uuid_tail()}@example.com"))
    TermsVersion.objects.create(number=TermsVersion.objects.next_number(), text="We pay.")
    Application.objects.create(name="Dave", email="dave@example.org", website="https://x.example", terms_version="1")
    payment = Payment.objects.latest("created_at", "pk")
    documents = ShopTerms.objects.filter(document=ShopTerms.Document.SALE)
    ShopTerms.objects.create(document=ShopTerms.Document.SALE, number=documents.next_number(), text="We sell.")
    RefundRequest.objects.create(order=payment.order)
    factories.paypal_event(payment)
    factories.dispute(payment)
    factories.click(affiliate)


def test_staff_see_each_personal_column() -> None:
    missing = set()
    for model, model_admin in admin.site._registry.items():
        declaration = declaration_for(model._meta.db_table)
        if model in MODELS and model_admin.fields and isinstance(declaration, PersonalData):
            columns = declaration.columns.keys() - flatten(model_admin.fields)
            missing |= {f"{model._meta.label}.{column}" for column in columns}
    assert missing == IN_A_LINE_OF_THE_PAGE, "Add the column to the fields of the model's admin."


def uuid_tail() -> str:
    return str(PayPalEvent().pk)[-12:]


def address(model: type[models.Model], row: Any = None) -> str:
    page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    return page if row is None else f"{page}{row.pk}/change/"


def cost(staff: Client, page: str) -> int:
    ContentType.objects.clear_cache()  # so that every look starts equal
    with CaptureQueriesContext(connection) as queries:
        assert staff.get(page).status_code == 200, page
    return len(queries)


def test_admin_lists_are_found() -> None:
    assert len(MODELS) >= 10


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_list_costs_the_same_with_more_rows(
    staff: Client, product: Product, bob: User, model: type[models.Model]
) -> None:
    some_of_everything(product, bob, 1)
    first = cost(staff, address(model))
    for number in (2, 3, 4):
        some_of_everything(product, bob, number)
    if model is not Product:
        assert model._default_manager.count() >= 4
    assert cost(staff, address(model)) == first
    assert first <= LISTS.get(model, 10)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_the_page_of_each_row_opens(staff: Client, product: Product, bob: User, model: type[models.Model]) -> None:
    some_of_everything(product, bob, 1)
    rows = list(model._default_manager.all())
    assert rows
    audit = 1 if connection.vendor == "postgresql" else 0  # there, who writes the audit takes a lock first
    for row in rows:
        assert cost(staff, address(model, row)) <= QUERIES.get(model, 15) + audit


def test_a_runs_page_costs_the_same_with_more_payouts(staff: Client, product: Product, bob: User) -> None:
    costs = []
    for size in (1, 4):
        for number in range(size):
            approved_sale(factories.affiliate(f"{size}{number}@example.com", f"CODE{size}{number}"), product)
        run = prepare_payout(currency="USD", actor=bob)
        costs.append(cost(staff, address(PayoutRun, run)))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_list_that_names_people_is_one_entry_of_the_audit(
    staff: Client, product: Product, bob: User, model: type[models.Model]
) -> None:
    some_of_everything(product, bob, 1)
    before = AuditEntry.objects.count()
    page = staff.get(address(model)).content.decode()
    assert "1 " in page
    names = any(secret in page for secret in PERSONAL)
    recorded = list(AuditEntry.objects.filter(number__gt=before).values_list("action", "object_model", "object_id"))
    assert recorded in [[("privacy.staff.listed", model._meta.label_lower, "")], *([] if names else [[]])]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
@pytest.mark.parametrize("who", ["anonymous", "affiliate", "staff without permissions"])
def test_admin_lists_are_for_staff_only(
    client: Client, alice: Affiliate, model: type[models.Model], who: str, vera: User
) -> None:
    if who != "anonymous":
        client.force_login(alice.user if who == "affiliate" else vera)
    expected = 302 if who == "anonymous" else 403
    response = client.get(address(model), follow=who == "affiliate")
    assert response.status_code == expected


@pytest.mark.parametrize("query", ["q=%27%22%3B--", "q=x%40y.example", "state__exact=nonsense", "nonsense=1", "p=999"])
def test_a_strange_query_is_no_error(staff: Client, product: Product, query: str) -> None:
    factories.order(product)
    response = staff.get(f"/admin/shop/order/?{query}", follow=True)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "query", ["state__range=", "state__range=paid", "placed_at__range=2026-03-01&placed_at__range="]
)
def test_a_range_without_two_ends_is_a_bad_request(staff: Client, product: Product, query: str) -> None:
    factories.order(product)
    assert staff.get(f"/admin/shop/order/?{query}").status_code == 400


def test_admin_history_holds_no_personal_data(staff: Client, alice: Affiliate, product: Product, bob: User) -> None:
    inquiry = factories.inquiry()
    staff.post(
        f"/admin/affiliates/affiliate/{alice.pk}/change/",
        {
            "code": "DEMO",
            "payout_email": "alice-new@example.com",
            "website": "https://alice.example",
        },
    )
    staff.post(
        f"/admin/contacts/inquiry/{inquiry.pk}/change/",
        {"answer": "Good day, Dave.", "note": "Dave is kind.", "_send": ""},
    )
    approved_sale(alice, product)
    staff.post("/admin/affiliates/payoutrun/prepare/")
    told = str(list(LogEntry.objects.values_list("object_repr", "change_message")))
    assert LogEntry.objects.count() == 2
    assert "the PayPal address" in told
    assert "DEMO" not in told
    for secret in (*PERSONAL, "alice-new@example.com", "alice.example", "Good day"):
        assert secret not in told

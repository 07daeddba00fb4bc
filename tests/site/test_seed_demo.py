"""The demo's data: made once, whatever is there already; never in a live shop."""

from __future__ import annotations

import json
import stat
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from affiliates.models import Affiliate, Application, Commission, Creative, LabelSales, Objection, PayoutItem
from affiliates.payouts.reconciliation import first_difference
from affiliates.statistics.rebuild import rebuild
from contacts.models import Inquiry
from privacy.audit.verification import verify_chain
from privacy.models import OutgoingMail, PrivacyRequest
from shop.models import Dispute, Order, Payment, Product, Refund
from shop.models.terms import ShopTerms
from shop.reconciliation.reconcile import reconcile_payment
from tests.standin_process import Standin

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PAYPAL_TRUST_ROOTS = tmp_path / "paypal-standin" / "ca.pem"
    settings.DEMO_DAYS = 10


def seeded() -> dict[str, list[str]]:
    out = StringIO()
    call_command("seed_demo", stdout=out)
    return {line.split(": ")[0]: line.split()[1:] for line in out.getvalue().splitlines()}


def is_consistent() -> None:
    assert rebuild(now=timezone.now(), change=False) == []
    assert first_difference(paypal_since=None) == ""
    verify_chain()


def test_seed_demo_prints_working_sign_ins(client: Client) -> None:
    sign_ins = seeded()
    for role, page in (("staff", "/admin/"), ("affiliate", "/affiliates/portal/")):
        email, password = sign_ins[role]
        client.post("/accounts/login/", {"email": email, "password": password})
        assert client.get(page).status_code == 200
        client.logout()
    assert Affiliate.objects.get(code="DEMO").user.email == "affiliate@example.com"
    assert str(Product.objects.get(slug="bps-pro").price) == "$59.95"


def test_seed_demo_works_while_the_clock_runs() -> None:
    with time_machine.travel(timezone.now(), tick=True):
        assert seeded()
    assert ShopTerms.objects.filter(effective_from__lte=timezone.now()).exists()


def counts() -> list[int]:
    models: list[Any] = [User, Affiliate, Product, Order, Inquiry, OutgoingMail, PrivacyRequest]
    return [model.objects.count() for model in models]


def test_second_seed_changes_nothing() -> None:
    first = seeded(), counts()
    assert (seeded(), counts()) == first


def test_a_forgotten_password_is_made_anew(tmp_path: Path, client: Client) -> None:
    first = seeded()
    (tmp_path / "demo-sign-ins.json").unlink()
    second = seeded()
    assert first["staff"][0] == second["staff"][0]
    assert first["staff"][1] != second["staff"][1]
    client.post("/accounts/login/", dict(zip(("email", "password"), second["staff"], strict=True)))
    assert client.get("/admin/").status_code == 200


def test_seed_demo_keeps_later_changes() -> None:
    seeded()
    Product.objects.filter(slug="bps-pro").update(price_minor=100)
    Affiliate.objects.filter(code="DEMO").update(state="suspended")
    seeded()
    assert Product.objects.get(slug="bps-pro").price_minor == 100
    assert Affiliate.objects.get(code="DEMO").state == "suspended"


def test_only_this_user_reads_the_passwords(tmp_path: Path) -> None:
    seeded()
    path = tmp_path / "demo-sign-ins.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(json.loads(path.read_text())) == {"staff@example.com", "affiliate@example.com"}


def test_seed_demo_refuses_a_live_shop(settings: Settings) -> None:
    settings.PAYPAL_MODE = "live"
    with pytest.raises(CommandError, match="live shop"):
        call_command("seed_demo")
    assert not User.objects.exists()
    assert not Product.objects.exists()


def test_demo_may_start_without_sales(settings: Settings) -> None:
    """As tests of a started site need it."""
    settings.DEMO_DAYS = 0
    seeded()
    is_consistent()
    assert not Order.objects.exists()
    assert Inquiry.objects.exists()


def test_demo_has_a_consistent_year_in_which_everything_happens(settings: Settings) -> None:
    settings.DEMO_DAYS = 365
    seeded()
    is_consistent()
    now = timezone.now()
    months = Counter(placed.strftime("%Y-%m") for placed in Order.objects.values_list("placed_at", flat=True))
    assert len(months) >= 12
    assert sum(months.values()) > 150
    assert now - timedelta(days=3) < Order.objects.latest("placed_at").placed_at < now
    assert not Order.objects.filter(state="open").exists()

    for commission in Commission.objects.exclude(approved_at=None):
        assert commission.created_at < commission.hold_until <= commission.approved_at  # type: ignore[operator]
        assert commission.paid_at is None or commission.paid_at > commission.approved_at  # type: ignore[operator]
    assert PayoutItem.objects.filter(state="paid").count() >= 10
    strong = Affiliate.objects.get(code="DEMO")
    states = set(Commission.objects.latest_of(strong).values_list("state", flat=True))
    assert {"pending", "approved", "paid", "reversed"} <= states
    recent = strong.daily_sales.filter(day__gt=now.date() - timedelta(days=30), orders__gt=0)
    assert recent.count() >= 5
    assert strong.daily_clicks.filter(day__gt=now.date() - timedelta(days=30), clicks__gt=0).exists()
    assert LabelSales.objects.filter(label__affiliate=strong, orders__gt=2).count() >= 2
    assert set(Affiliate.objects.values_list("state", flat=True)) == {"active", "suspended"}
    assert Affiliate.objects.count() == 3

    assert Refund.objects.count() > Order.objects.filter(state="part_refunded").count() > 0
    assert set(Dispute.objects.values_list("state", flat=True)) == {"OPEN", "RESOLVED"}
    assert Commission.objects.held().count() == 2  # by the open dispute, and the newcomer's own order
    assert {"open", "held", "answered", "closed"} == set(Inquiry.objects.values_list("state", flat=True))
    assert not Inquiry.objects.overdue(now).exists()  # or a promise would be broken
    assert set(PrivacyRequest.objects.values_list("state", flat=True)) == {"confirmed", "answered"}
    assert set(Objection.objects.values_list("state", flat=True)) == {"open", "declined"}
    assert not OutgoingMail.objects.exclude(state="sent").exists()


@pytest.mark.parametrize(
    "now",
    [
        datetime(2027, 1, 31, 12, tzinfo=UTC),
        datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC),
        datetime(2027, 3, 1, 0, 0, 5, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 30, tzinfo=UTC),
        datetime(2026, 11, 1, 8, 30, tzinfo=UTC),
    ],
    ids=str,
)
def test_demo_can_be_seeded_at_any_time(now: datetime, settings: Settings) -> None:
    settings.DEMO_DAYS = 50
    with time_machine.travel(now, tick=False):
        seeded()
        is_consistent()
        assert Order.objects.filter(placed_at__lt=now).count() == Order.objects.count() > 10
        assert not Commission.objects.filter(approved_at__gt=now).exists()


def test_standin_knows_the_demos_payments(settings: Settings, tmp_path: Path) -> None:
    """So they agree when they are compared, and can be refunded."""
    settings.DEMO_DAYS = 60
    seeded()
    standin = Standin(tmp_path / "paypal-standin").start()
    try:
        settings.PAYPAL_BASE_URL = standin.url
        paid = Payment.objects.order_by("created_at")
        looked_at = [*paid.filter(refunds__isnull=False)[:2], *paid.filter(is_disputed=True)[:1], *paid[:1]]
        assert len(looked_at) == 4
        assert [reconcile_payment(payment=each).payment.problem for each in looked_at] == [""] * 4
    finally:
        standin.stop()
    assert not (tmp_path / "paypal-standin" / "history.json").exists()


def test_no_demo_address_reaches_a_real_mailbox() -> None:
    seeded()
    rows: list[Any] = [*Order.objects.all(), *Inquiry.objects.all(), *User.objects.all(), *Application.objects.all()]
    assert {row.email.rpartition("@")[2] for row in rows if row.email} <= {"example.com", "example.org"}


def test_demo_banners_can_be_served(client: Client) -> None:
    seeded()
    banners = [creative for creative in Creative.objects.all() if creative.image]
    assert [(banner.width, banner.height) for banner in banners] == [(728, 90), (300, 250), (240, 240)]
    for banner in banners:
        response = client.get(f"/affiliates/creatives/{banner.pk}/")
        assert (response.status_code, response["Content-Type"]) == (200, "image/png")
        assert response.getvalue().startswith(b"\x89PNG")

"""The demo's data: made once, whatever is there already; never in a live shop."""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from affiliates.models import Affiliate, Creative
from affiliates.payouts.reconciliation import first_difference
from affiliates.statistics.rebuild import rebuild
from shop.models import Payment, Product
from shop.models.terms import ShopTerms
from shop.reconciliation.reconcile import reconcile_payments

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"


def seeded() -> dict[str, list[str]]:
    out = StringIO()
    call_command("seed_demo", stdout=out)
    return {line.split(": ")[0]: line.split()[1:] for line in out.getvalue().splitlines()}


def test_seed_demo_prints_working_sign_ins(client: Client) -> None:
    sign_ins = seeded()
    for role, page in (("staff", "/admin/"), ("affiliate", "/affiliates/portal/")):
        email, password = sign_ins[role]
        client.post("/accounts/login/", {"email": email, "password": password})
        assert client.get(page).status_code == 200
        client.logout()
    assert Affiliate.objects.get().code == "DEMO"
    assert str(Product.objects.get(slug="bps-pro").price) == "$59.95"


def test_seed_demo_works_while_the_clock_runs() -> None:
    with time_machine.travel(timezone.now(), tick=True):
        assert seeded()
    assert ShopTerms.objects.filter(effective_from__lte=timezone.now() + timedelta(minutes=10)).exists()


def test_second_seed_changes_nothing() -> None:
    first = seeded()
    assert seeded() == first
    assert (User.objects.count(), Affiliate.objects.count(), Product.objects.count()) == (2, 1, 3)


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
    bps_pro = Product.objects.filter(slug="bps-pro")
    bps_pro.update(price_minor=100)
    Affiliate.objects.update(state="suspended")
    seeded()
    assert (bps_pro.get().price_minor, Affiliate.objects.get().state) == (100, "suspended")


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


def test_demo_history_is_consistent() -> None:
    seeded()
    affiliate = Affiliate.objects.get()
    assert affiliate.daily_sales.exists()
    assert affiliate.daily_clicks.filter(clicks__gt=0).count() > 42
    assert rebuild(now=timezone.now(), change=False) == []
    assert first_difference(paypal_since=None) == ""
    assert affiliate.ledger.balance("USD").minor == 0


def test_paypal_is_not_asked_about_its_history() -> None:
    """The stand-in was not there then."""
    seeded()
    assert Payment.objects.exists()
    assert reconcile_payments(now=timezone.now()) == 0


def test_demo_banners_can_be_served(client: Client) -> None:
    seeded()
    banners = [creative for creative in Creative.objects.all() if creative.image]
    assert [(banner.width, banner.height) for banner in banners] == [(728, 90), (300, 250), (240, 240)]
    for banner in banners:
        response = client.get(f"/affiliates/creatives/{banner.pk}/")
        assert (response.status_code, response["Content-Type"]) == (200, "image/png")
        assert response.getvalue().startswith(b"\x89PNG")

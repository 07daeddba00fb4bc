"""The address of a visit opens for code that pays commission or answers the person, and for no other."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template

from affiliates.models import Affiliate, Click
from privacy.registry.purpose_binding import PurposeNotAllowed, acting_for, readers, reads
from privacy.registry.purposes import Purpose
from privacy.requests.archive import collect
from tests import factories
from tests.own_apps import OWN_APPS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
ADDRESS = "203.0.113.77"


@pytest.fixture
def click(alice: Affiliate) -> Click:
    stored: Click = Click.objects.get(pk=factories.click(alice).pk)
    return stored


def read(click: Click) -> str | None:
    return click.readable_address()


@pytest.mark.parametrize(
    "way",
    [
        lambda click: click.address,
        read,
        lambda click: getattr(click, Click._meta.get_field("address").attname),
        lambda click: Template("{{ click.address }}").render(Context({"click": click})),
    ],
)
def test_bound_table_is_closed_to_code_without_a_purpose(click: Click, way: Callable[[Click], object]) -> None:
    with pytest.raises(PurposeNotAllowed):
        way(click)


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - {Purpose.REFERRAL_TRACKING, Purpose.PRIVACY_REQUEST}))
def test_bound_table_is_closed_to_every_other_purpose(click: Click, purpose: Purpose) -> None:
    with acting_for(purpose), pytest.raises(PurposeNotAllowed):
        read(click)


def test_bound_table_opens_only_while_a_declared_reader_runs(click: Click, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privacy.registry.purpose_binding._readers", [])
    assert reads("affiliates_click", purpose=Purpose.REFERRAL_TRACKING)(read)(click) == ADDRESS
    assert [reader.code for reader in readers("affiliates_click")] == [f"{__name__}.read"]
    with pytest.raises(PurposeNotAllowed):
        read(click)


def test_saving_a_visit_reads_nothing(click: Click) -> None:
    click.counted = True
    click.save()
    with acting_for(Purpose.REFERRAL_TRACKING):
        assert Click.objects.get().address == ADDRESS


def test_the_archive_goes_through_a_declared_reader() -> None:
    assert f"{collect.__module__}.collect" in {reader.code for reader in readers("affiliates_click")}


def test_the_readers_are_these_and_no_others() -> None:
    assert {reader.code for reader in readers("affiliates_click")} == {
        "affiliates.commissions.attribution._with_address_comparison",
        "affiliates.statistics.daily_statistics._visit_rows",
        "affiliates.tracking.clicks.record_agreed_click",
        "affiliates.tracking.referral_cookie.Referral.click",
        "affiliates.tracking.referral_cookie.Referral.click_with_affiliate",
        "affiliates.tracking.referral_cookie.Referral.own_address",
        "affiliates.commissions.fraud_signals._address_has_other_buyers",
        "privacy.requests.archive.collect",
    }


def test_no_code_but_readers_declares_a_purpose_to_act_for() -> None:
    """`acting_for` is for tests and probes; the product declares its readers, and its ways in. Recent changes and the
    audit in words act for what the admin page of a row acts for, which the user may open."""
    apps = OWN_APPS
    files = [
        file for app in apps for file in (Path(settings.BASE_DIR) / app).rglob("*.py") if "probes" not in file.parts
    ]
    using = {
        str(file.relative_to(settings.BASE_DIR))
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Name) and node.id in {"acting_for", "acting_as", "set_acting"}
    }
    assert using == {
        "affiliates/evidence.py",
        "aitpro/admin_site/recent_changes.py",
        "aitpro/admin_site/site.py",
        "aitpro/housekeeping.py",
        "privacy/admin_base/audit_sentences.py",
        "privacy/web/purpose_middleware.py",
        "privacy/registry/purpose_binding.py",
    }

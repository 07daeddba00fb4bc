"""What staff look at, and what tells people of a new policy, reads people's rows for declared uses alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate, LedgerEntry, PayoutItem
from affiliates.payouts.runs import prepare_payout
from aitpro.housekeeping import housekeep
from privacy.evidence.rehearsal.personal_data_map import is_unlinkable
from privacy.policy.models import PolicyVersion
from privacy.registry.query_purposes import UndeclaredRead, observed
from shop.models import Order, Product
from tests import factories
from tests.affiliates.sales import approved_sale
from tests.privacy.policy.conftest import lacks, press, version_two  # noqa: F401  (fixtures)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def undeclared() -> Iterator[list[UndeclaredRead]]:
    found: list[UndeclaredRead] = []
    with observed(found.append):
        yield found


def test_staff_pages_of_no_model_act_for_what_their_address_declares(
    staff: Client, alice: Affiliate, product: Product, bob: User, undeclared: list[UndeclaredRead]
) -> None:
    approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    undeclared.clear()
    for address in (
        "reports/",
        "reports/report.csv",
        f"why/?reference={Order.objects.get().reference}",
        f"affiliate/{alice.pk}/balance/USD/",
        f"payoutitem/{PayoutItem.objects.get().pk}/explain/",
        f"ledgerentry/{LedgerEntry.objects.earliest('pk').pk}/explain/",
    ):
        answer = staff.get(f"/admin/affiliates/{address}")
        assert answer.status_code in {200, 302}
        assert answer.getvalue() is not None  # rows of a file are read while it is sent
    assert undeclared == []


def test_from_a_draft_to_everybody_told_nothing_undeclared_is_read(
    staff: Client,
    bob: User,
    product: Product,
    version_two: PolicyVersion,  # noqa: F811
    work: Callable[[], int],
    undeclared: list[UndeclaredRead],
) -> None:
    factories.order(product)
    factories.inquiry()
    press(staff, version_two, "announce")
    work()
    housekeep(now=timezone.now())
    assert len({to for message in mail.outbox for to in message.to}) >= 3
    assert staff.get(f"/admin/policy/policyversion/{version_two.pk}/change/").status_code == 200
    press(staff, version_two, "put-in-effect")
    assert undeclared == []


def test_a_visit_without_an_order_is_nobodys(alice: Affiliate, product: Product) -> None:
    """So no archive has to hold it: its visitor asks by the cookie."""
    assert is_unlinkable(factories.click(alice))
    order = approved_sale(alice, product).attribution.order
    assert not any(is_unlinkable(row) for row in (order, alice, LedgerEntry.objects.get()))

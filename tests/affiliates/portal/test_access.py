"""Never another's data, at any address: every address of the portal, tried by everybody, with others' numbers in it.

The addresses come from the URLconf, so that a new one is tried as soon as it is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.views.generic import View

from accounts.models import User
from affiliates import urls
from affiliates.commissions.objections import open_objection
from affiliates.endpoints.managing import add_endpoint
from affiliates.models import CHOSEN, Affiliate, Commission
from affiliates.payouts.runs import prepare_payout
from affiliates.portal.base import AffiliateView
from api import urls as api_urls
from shop.models import Product
from tests import factories
from tests.affiliates.sales import approved_sale, sale
from tests.cast import signed_in

from .pages import PORTAL

pytestmark = pytest.mark.usefixtures("clock")

WORDS = ["commissions", "payouts", "ledger", "other"]  # what an address may have in a place for a word


def patterns() -> dict[URLPattern, str]:
    """With the full name of each."""
    listed = [(of.app_name, one) for of in (urls, api_urls) for one in list[Any](of.urlpatterns)]
    pages = [(app, one) for app, one in listed if isinstance(one, URLPattern)]
    found = {one: f"{app}:{one.name}" for app, one in pages if str(one.pattern).startswith(PORTAL[1:])}
    assert len(found) >= 13
    return found


def all_addresses(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """As they are written in the URLconf of the whole site."""
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from all_addresses(one, before + str(one.pattern))
        else:
            yield before + str(one.pattern)


def addresses(numbers: list[UUID]) -> Iterator[str]:
    """Each address of the portal, with each of the ids, and of the commissions' numbers, in each place."""
    references = [*Commission.objects.values_list("number", flat=True), "C000000000"]
    for pattern, name in patterns().items():
        places = pattern.pattern.converters
        values: Any = {"pk": numbers, "number": references}.get(next(iter(places), ""), WORDS)
        for value in values if places else [None]:
            yield reverse(name, kwargs=dict.fromkeys(places, value))


class Others:
    """What Alice has, and the words by which it would be known on a page."""

    def __init__(self, alice: Affiliate, product: Product, bob: User) -> None:
        self.affiliate = alice
        endpoint = add_endpoint(affiliate=alice, url="https://hooks.example.com/alices-endpoint", kinds=CHOSEN)
        self.paid = approved_sale(alice, product)
        prepare_payout(currency="USD", actor=bob)
        self.disputed = sale(alice, product, campaign="alices-newsletter")
        self.dispute = open_objection(commission=self.disputed, text="alices-objection", actor=alice.user)
        factories.click(alice, sub="alices-newsletter")
        payout = alice.payouts.get()
        entries = [entry.pk for entry in alice.ledger.all()]
        orders = [line.attribution.order_id for line in (self.paid, self.disputed)]
        attributions = [line.attribution.pk for line in (self.paid, self.disputed)]
        label = alice.labels.get()
        self.numbers = [self.paid.pk, self.disputed.pk, payout.pk, payout.run_id, self.dispute.pk, alice.pk, label.pk]
        self.numbers += [*entries, *orders, *attributions, alice.user.pk, uuid4(), endpoint.pk]
        self.numbers += [delivery.event_id for delivery in endpoint.deliveries.all()]
        self.secrets = [
            *(line.number for line in (self.paid, self.disputed)),
            *("17.99", "alices-newsletter", "alices-objection", "alices-endpoint", "alice@example.com", "DEMO"),
        ]


@pytest.fixture
def others(alice: Affiliate, product: Product, bob: User) -> Others:
    return Others(alice, product, bob)


def test_affiliate_sees_own_data(others: Others) -> None:
    client, seen = signed_in(others.affiliate.user), ""
    for address in addresses(others.numbers):
        response = client.get(address)
        if response.status_code == 200:
            seen += response.getvalue().decode()
    for secret in others.secrets:
        assert secret in seen or secret == "alice@example.com", secret
    order = others.paid.attribution.order
    for customer in ("Carol", "carol@example.org", str(order.pk), order.reference):
        assert customer not in seen


@pytest.mark.parametrize("method", ["get", "post"])
def test_affiliate_sees_nothing_of_another_affiliate(others: Others, erin: Affiliate, method: str) -> None:
    client = signed_in(erin.user)
    for address in addresses(others.numbers):
        response = getattr(client, method)(address, {"text": "mine?"})
        assert response.status_code in {200, 302, 404, 405}, address
        if any(str(number) in address for number in [*others.numbers, others.paid.number, others.disputed.number]):
            assert response.status_code in {404, 405}, address
        body = response.getvalue().decode()
        assert [secret for secret in others.secrets if secret in body] == [], address


@pytest.mark.parametrize("state", ["suspended", "closed"])
def test_inactive_affiliate_sees_nothing_of_another_affiliate(others: Others, erin: Affiliate, state: str) -> None:
    Affiliate.objects.filter(pk=erin.pk).update(state=state)
    test_affiliate_sees_nothing_of_another_affiliate(others, erin, "get")


@pytest.mark.parametrize("method", ["get", "post"])
def test_portal_requires_sign_in(others: Others, method: str) -> None:
    for address in addresses(others.numbers):
        response = getattr(Client(), method)(address)
        assert (response.status_code, response.headers["Location"]) == (302, f"/accounts/login/?next={address}")


@pytest.mark.parametrize("who", ["staff", "customer"])
def test_portal_leads_non_affiliates_elsewhere(others: Others, bob: User, who: str) -> None:
    client = signed_in(bob if who == "staff" else factories.user("dave@example.org"))
    for address in addresses(others.numbers):
        response = client.get(address)
        if who == "staff":
            assert (response.status_code, response.headers["Location"]) == (302, "/admin/"), address
        else:
            assert response.status_code == 403, address
            assert "This account is not an affiliate" in response.content.decode()


@pytest.mark.parametrize("state", ["suspended", "closed"])
def test_inactive_affiliate_can_read_own_account(others: Others, state: str) -> None:
    Affiliate.objects.update(state=state)
    client = signed_in(others.affiliate.user)
    for address in addresses([others.paid.pk, others.affiliate.payouts.get().pk]):
        assert client.get(address).status_code in {200, 302, 404, 405}, address
    overview = client.get(PORTAL).content.decode()
    assert f"Your affiliate account is {state}" in overview
    assert "Still available" in overview
    assert "/affiliates/portal/links/" not in overview
    assert others.paid.number in client.get(f"{PORTAL}commissions/").content.decode()


def below(view: type[View]) -> set[type[View]]:
    found = set(view.__subclasses__())
    return found.union(*map(below, found))


def test_every_view_of_the_portal_has_an_address() -> None:
    views = {getattr(pattern.callback, "view_class", None) for pattern in patterns()}
    missing = {view for view in below(AffiliateView) if not view.__subclasses__()} - views
    assert missing == set(), "Give it a path in affiliates/urls.py or api/urls.py."


def test_every_portal_page_is_under_a_tab(others: Others) -> None:
    client = signed_in(others.affiliate.user)
    for address in addresses([others.paid.pk, others.affiliate.payouts.get().pk]):
        response = client.get(address)
        if response.headers["Content-Type"].startswith("text/html"):
            tabs = BeautifulSoup(response.content, "html.parser").select(".subnav a")
            here = [tab for tab in tabs if tab.has_attr("aria-current")]
            assert len(here) == bool(tabs), f"{address}: add its tab to templates/affiliates/portal/base.html."


def test_every_portal_address_is_covered_by_these_tests() -> None:
    """Or the walk above would miss it."""
    found = [address for address in all_addresses(get_resolver()) if address.lstrip("^/").startswith(PORTAL[1:])]
    assert len(found) == len(patterns())

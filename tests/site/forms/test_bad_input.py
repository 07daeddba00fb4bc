"""Bad input of every kind, at every address, by everybody: no server error, no trace, nothing logged as an error.

The addresses are those of the resolver: a new one is walked by itself, and one with a new kind of part fails until
`VALUES_OF` names a row for it. The sample touches every address with every kind; `CHAOS=1` sends everything.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from django.utils.http import urlsafe_base64_encode

from accounts.models.session import Session
from affiliates.models import (
    Adjustment,
    Affiliate,
    Application,
    Commission,
    Creative,
    Endpoint,
    EndpointDelivery,
    PayoutEmailChange,
    PayoutItem,
)
from affiliates.tracking.labels import declare_label
from api.models import ApiToken
from clients.models import Quote
from contacts.models import Document
from privacy.consent.preference_links import preferences_token
from privacy.encryption.tokens import generate_token, hash_token
from privacy.models import AccessArchive, PrivacyRequest
from shop.delivery.downloads import download_link
from shop.models import Order, Product
from tests import factories
from tests.quiet import quiet_logs
from tests.running_site import free_port
from tests.samples import WHOLE
from tests.site.staff.test_staff_matrix import World as StaffWorld
from tests.site.staff.test_staff_matrix import taken_back

from .walk import addresses, oddities
from .walk.oddities import Request
from .walk.sending import Server

naive = pytest.mark.filterwarnings("ignore:DateTimeField:RuntimeWarning")  # Django's, of `?received_at__gte=2026-02-01`
pytestmark = [pytest.mark.django_db, pytest.mark.slow, naive]

EACH = {"values": 2, "choices": 2}  # cases at each address, in the sample; one of the other kinds
# `/readyz` writes on connections of its own, which would wait for the transaction of these tests: see tests/health.
ROUTES = sorted((route, name) for route, name in addresses.routes() if route != "readyz")
ENDPOINT_ACTIONS = ("test", "pause", "resume", "secret", "delete")
KINDS = {
    "headers": oddities.with_headers,
    "cookies": oddities.with_cookies,
    "bodies": oddities.with_bodies,
    "methods": oddities.with_methods,
}


class World(StaffWorld):
    """Everybody, a row of everything, and the links that people were mailed."""

    def __init__(self) -> None:
        super().__init__()
        self.server = Server()
        self.affiliate, self.product = Affiliate.objects.get(), Product.objects.get()
        self.links = self.make_links()
        self.pages = {route: self.page(self.path(route, name), self.owner(route)) for route, name in ROUTES}

    def make_links(self) -> dict[str, str]:
        """The addresses with parts that are not the admin's, by name."""
        token, soon, affiliate = generate_token(), timezone.now() + timedelta(days=1), self.affiliate
        mailed = {"link_digest": hash_token(token), "link_expires_at": soon}
        order, release = Order.objects.latest("placed_at", "pk"), factories.release(self.product)
        Order.objects.filter(pk=order.pk).update(state="paid", paid_at=timezone.now())
        application = Application.objects.latest("applied_at", "pk")
        Application.objects.filter(pk=application.pk).update(state="unconfirmed", **mailed)
        Document.objects.update(**mailed)
        change = PayoutEmailChange(affiliate=affiliate, email="new@example.com", takes_effect_at=soon)
        change.stop_digest = hash_token(token)
        change.save()
        rights = {"email": "dave@example.org", "keep_until": soon, "due_at": soon}
        PrivacyRequest.objects.create(kind="access", state="unconfirmed", **mailed, **rights)
        answered = PrivacyRequest.objects.create(kind="access", state="confirmed", **rights)
        by_mail = {"correction_digest": hash_token(token), "correction_expires_at": soon}
        PrivacyRequest.objects.create(kind="correction", state="confirmed", **by_mail, **rights)
        AccessArchive.objects.create(request=answered, content=b"PK", link_digest=hash_token(token), expires_at=soon)
        choices = f"/privacy/choices/{preferences_token('dave@example.org', now=timezone.now())}/"
        own, file = order.get_absolute_url(), release.pk
        Quote.objects.update(state="sent", sent_at=timezone.now())
        quote = Quote.objects.latest("created_at", "pk").get_absolute_url()
        picture = factories.picture(self.product)
        commission = Commission.objects.filter(attribution__affiliate=affiliate).latest("pk")
        label = declare_label(affiliate=affiliate, text="mail")
        creative, adjustment = Creative.objects.latest("pk").pk, Adjustment.objects.latest("pk").number
        payout, payouts = PayoutItem.objects.latest("pk").pk, "/affiliates/portal/payouts/"
        endpoint = Endpoint.objects.create(affiliate=affiliate, url="https://hooks.example.com/", kinds="payout.paid")
        event = EndpointDelivery.objects.create(
            endpoint=endpoint, kind="payout.paid", body="{}", day=soon.date(), due_at=soon, state="dead"
        )
        own_endpoint = f"/affiliates/portal/endpoints/{endpoint.pk}/"
        return {
            "pages:page": "/guide-1/",
            "shop:product": "/products/bps-pro/",
            "shop:picture": f"/products/pictures/{picture.digest}/small.webp",
            "shop:checkout": "/checkout/bps-pro/",
            "shop:terms_document": "/terms/sale/",
            "shop:order": own,
            "shop:pay": f"{own}pay/",
            "shop:request_refund": f"{own}refund/",
            "shop:receipt": f"{own}receipt/",
            "shop:release_notices": f"{own}release-notices/",
            "shop:prepare_download": f"{own}download/{file}/",
            "shop:download": download_link(order=order, file=release),
            "affiliates:": "/go/CODE1",
            "affiliates:go": "/go/CODE1/",
            "affiliates:go_to": "/go/CODE1/services/",
            "affiliates:confirm_application": f"/affiliates/apply/confirm/{token}/",
            "affiliates:stop_payout_email": f"/affiliates/payout-address/{token}/",
            "affiliates:creative_image": f"/affiliates/creatives/{creative}/",
            "affiliates:portal_archive": f"/affiliates/portal/labels/{label.pk}/archive/",
            "affiliates:portal_commission": f"/affiliates/portal/commissions/{commission.number}/",
            "affiliates:portal_object": f"/affiliates/portal/commissions/{commission.number}/object/",
            "affiliates:portal_payout": f"{payouts}{payout}/",
            "affiliates:portal_payout_proof": f"{payouts}{payout}/proof.json",
            "affiliates:portal_adjustment": f"/affiliates/portal/adjustments/{adjustment}/",
            "affiliates:portal_endpoint": own_endpoint,
            **{f"affiliates:portal_endpoint_{what}": f"{own_endpoint}{what}/" for what in ENDPOINT_ACTIONS},
            "affiliates:portal_send_dead": f"{own_endpoint}again/",
            "affiliates:portal_send_again": f"{own_endpoint}events/{event.event_id}/again/",
            "affiliates:published_run": "/affiliates/payout-proofs/run-1.json",
            "api:portal_revoke": f"/affiliates/portal/api/{ApiToken.objects.latest('pk').pk}/revoke/",
            "api:unknown": "/api/v1/nothing",
            "affiliates:portal_export": "/affiliates/portal/files/commissions.csv",
            "clients:quote": quote,
            "clients:accept": f"{quote}accept/",
            "clients:decline": f"{quote}decline/",
            "clients:pdf": f"{quote}quote.pdf",
            "contacts:thanks": "/contact/thanks/Q-ABC234/",
            "contacts:document": f"/contact/documents/{token}/",
            "privacy:choices": choices,
            "privacy:one_click": f"{choices}stop/order/",
            "privacy:version": "/privacy/changes/1/",
            "privacy:request_sent": "/privacy/request/sent/ABCDEFGH/",
            "privacy:confirm": f"/privacy/request/{token}/",
            "privacy:archive_first": f"/privacy/request/{token}/archive-first/",
            "privacy:result": f"/privacy/request/{token}/access/",
            "privacy:correct": f"/privacy/correct/{token}/",
            "privacy:archive": f"/privacy/archive/{token}/",
            "privacy:archive_download": f"/privacy/archive/{token}/download/",
            "accounts:session_end": f"/accounts/security/sessions/{Session.objects.latest('pk').pk}/end/",
            "accounts:password_set": f"/accounts/password/{urlsafe_base64_encode(str(self.bob.pk).encode())}/x-y/",
        }

    def path(self, route: str, name: str) -> str:
        """Raises `KeyError` for an address with a part that nothing above fills in."""
        if "<" not in route:
            return f"/{route}"
        return self.address(route, name) if route.startswith("admin/") else self.links[name]

    def owner(self, route: str) -> str:
        """Whose page it is: who gets deepest."""
        if route.startswith("admin/"):
            return "R"
        return "affiliate" if route.startswith(("accounts/", "affiliates/portal/")) else "stranger"

    def session(self, who: str) -> str:
        cookie = self.clients[who].cookies.get(settings.SESSION_COOKIE_NAME)
        return f"{cookie.key}={cookie.value}" if cookie else ""

    def page(self, path: str, owner: str) -> tuple[str, bytes, list[str]]:
        """Its path, what stands on it, and the parameters of a list's filters."""
        response = taken_back(self.clients[owner], "get", path)
        changes = (response.context or {}).get("cl") if response.status_code == 200 else None
        filters = [each for spec in getattr(changes, "filter_specs", []) for each in spec.expected_parameters()]
        if day := getattr(changes, "date_hierarchy", None):
            filters += [f"{day}__{part}" for part in ("year", "month", "day")]
        content = response.getvalue()
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        return path, content if is_page else b"", filters

    def cases(self, route: str, kind: str) -> Iterator[Request]:
        path, page, filters = self.pages[route]
        if kind == "malformed":
            return addresses.malformed(route)
        if kind == "values":
            return oddities.with_values(Request(path), addresses.parameters(path, page, filters))
        if kind == "choices":
            return addresses.filled_in(path, page)
        return KINDS[kind](Request(path))


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    nobody = override_settings(PAYPAL_BASE_URL=f"http://127.0.0.1:{free_port()}")
    with (
        quiet_logs(logging.WARNING),
        django_db_blocker.unblock(),
        nobody,
        transaction.atomic(),
        transaction.atomic(using="keystore"),
    ):
        yield World()
        for database in ("default", "keystore"):
            transaction.set_rollback(True, using=database)


def chosen(cases: list[Request], number: int, count: int) -> list[Request]:
    """All of them, or other ones at each address."""
    if WHOLE or len(cases) <= count:
        return cases
    return [cases[(number * count + each) % len(cases)] for each in range(count)]


@pytest.mark.parametrize("kind", [*KINDS, "malformed", "values", "choices"])
def test_no_bad_input_breaks_anything(world: World, kind: str) -> None:
    broken = []
    for number, (route, name) in enumerate(ROUTES):
        owner = world.owner(route)
        others = [who for who in world.clients if who != owner]
        for request in chosen(list(world.cases(route, kind)), number, EACH.get(kind, 1)):
            some = others if WHOLE else [others[number // 3 % len(others)]] if number % 3 == 0 else []
            for who in [owner, *some]:
                answer = world.server.send(request, world.session(who))
                if answer.is_bad:
                    broken.append(f"{who} {name or route} {answer}: {request}"[:900])
    assert not broken, "\n".join(broken)

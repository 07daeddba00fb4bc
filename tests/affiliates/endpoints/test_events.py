"""What is posted to an affiliate's server: chosen events, signed, with no more than the portal shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.lifecycle import reject_commission
from affiliates.endpoints.delivery import deliver_due
from affiliates.endpoints.managing import add_endpoint
from affiliates.endpoints.signing import signed_headers
from affiliates.endpoints.verify_event import verify
from affiliates.models import Affiliate, Endpoint, EndpointDelivery, EventKind, PayoutRun
from affiliates.payouts.manual import mark_failed_manually, mark_paid_manually
from affiliates.payouts.runs import approve_payout, prepare_payout
from privacy.registry.deadlines import local_day
from shop.models import Product
from tests.affiliates.commissions.test_reverted_refunds import undo
from tests.affiliates.sales import approved_sale, follow_payout, refund, sale
from tests.standin_process import Standin
from tests.worker import run_due_tasks

from .receiver import NAME, Receiver

pytestmark = pytest.mark.usefixtures("clock")


def next_day(clock: time_machine.Traveller) -> None:
    """The hour after midnight is over, and the worker has worked."""
    clock.move_to(timezone.now().replace(hour=1, minute=1) + timedelta(days=1))
    while deliver_due(now=timezone.now()):
        run_due_tasks()


def kinds() -> list[str]:
    return sorted(EndpointDelivery.objects.values_list("kind", flat=True))


def test_event_verifies_with_the_published_example(
    clock: time_machine.Traveller, server: Receiver, endpoint: Endpoint, product: Product
) -> None:
    commission = sale(endpoint.affiliate, product)
    next_day(clock)
    [request] = server.requests
    assert request.line == "POST /sales?from=site HTTP/1.1"
    assert request.server_name == request.headers["host"] == NAME
    assert request.headers["content-type"] == "application/json"
    assert verify(str(endpoint.secret), request.headers, request.body) == {
        "type": "commission.created",
        "timestamp": "2026-03-02T00:00:00Z",
        "data": {
            "number": commission.number,
            "state": "pending",
            "amount_minor": 1799,
            "reversed_minor": 0,
            "currency": "USD",
            "day": "2026-03-02",
        },
    }


@pytest.mark.parametrize("change", ["id", "timestamp", "body", "secret", "age"])
def test_changed_event_does_not_verify(
    clock: time_machine.Traveller, server: Receiver, endpoint: Endpoint, product: Product, change: str
) -> None:
    sale(endpoint.affiliate, product)
    next_day(clock)
    headers, body, secret = dict(server.requests[0].headers), server.requests[0].body, str(endpoint.secret)
    verify(secret, headers, body)
    if change == "id":
        headers["webhook-id"] += "0"
    elif change == "timestamp":
        headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) + 1)
    elif change == "body":
        body = body.replace(b"1799", b"9917")
    elif change == "secret":
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    else:
        clock.shift(timedelta(minutes=6))
    with pytest.raises(ValueError, match=r"signature|too old"):
        verify(secret, headers, body)


def test_signature_is_that_of_the_standards_own_test() -> None:
    """The values of the reference libraries' tests (github.com/standard-webhooks/standard-webhooks)."""
    headers = signed_headers(
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_no_event_tells_the_time_of_a_sale(
    clock: time_machine.Traveller, server: Receiver, endpoint: Endpoint, product: Product
) -> None:
    """Not by when it is sent, nor by its id: version 7 would have the millisecond."""
    commission = sale(endpoint.affiliate, product)
    delivery = EndpointDelivery.objects.get()
    assert delivery.event_id.version == 4
    for hour in (13, 18, 23):
        clock.move_to(datetime(2026, 3, 2, hour, 59, tzinfo=UTC))
        assert deliver_due(now=timezone.now()) == 0
    clock.move_to(datetime(2026, 3, 2, 12, tzinfo=UTC))
    refund(commission, "10.00")
    at = set(EndpointDelivery.objects.values_list("due_at", flat=True))
    assert len(at) == 1
    assert datetime(2026, 3, 3, tzinfo=UTC) <= at.pop() < datetime(2026, 3, 3, 1, tzinfo=UTC)


def test_event_has_nothing_about_the_buyer(
    clock: time_machine.Traveller, server: Receiver, endpoint: Endpoint, product: Product
) -> None:
    commission = sale(endpoint.affiliate, product, campaign="newsletter")
    order = commission.attribution.order
    next_day(clock)
    sent = repr(server.requests[0])
    assert commission.number in sent
    names = [order.name, order.email, order.reference, str(order.pk), order.pk.hex, str(commission.pk), "newsletter"]
    assert [name for name in names if str(name) in sent] == []


def test_each_change_of_a_commission_is_an_event(endpoint: Endpoint, product: Product) -> None:
    commission = approved_sale(endpoint.affiliate, product)
    row = refund(commission, "59.95")
    assert kinds() == ["commission.approved", "commission.created", "commission.reversed"]
    undo(row)
    reject_commission(commission=sale(endpoint.affiliate, product), reason="no")
    assert kinds()[-3:] == ["commission.rejected", "commission.restored", "commission.reversed"]
    last = EndpointDelivery.objects.get(kind="commission.restored")
    assert json.loads(last.body)["data"]["reversed_minor"] == 0
    assert json.loads(EndpointDelivery.objects.get(kind="commission.reversed").body)["data"]["reversed_minor"] == 1799


def test_repeated_change_is_one_event(endpoint: Endpoint, product: Product) -> None:
    commission = sale(endpoint.affiliate, product)
    for _ in range(2):
        reject_commission(commission=commission, reason="no")
    assert kinds() == ["commission.created", "commission.rejected"]


def manual_run(affiliate: Affiliate, product: Product, bob: User) -> PayoutRun:
    approved_sale(affiliate, product)
    run = prepare_payout(currency="USD", actor=bob, method=PayoutRun.Method.CSV)
    approve_payout(run=run, actor=bob)
    return run


def test_paid_payout_is_posted_at_once(server: Receiver, endpoint: Endpoint, product: Product, bob: User) -> None:
    run = manual_run(endpoint.affiliate, product, bob)
    item = run.items.get()
    mark_paid_manually(run=run, items=[item], reference="BANK 1", paid_on=local_day(timezone.now()), actor=bob)
    run_due_tasks()
    [request] = server.requests
    assert verify(str(endpoint.secret), request.headers, request.body) == {
        "type": "payout.paid",
        "timestamp": "2026-03-02T00:00:00Z",
        "data": {
            "id": str(item.pk),
            "state": "paid",
            "amount_minor": 1799,
            "currency": "USD",
            "day": "2026-03-02",
        },
    }


def test_failed_payout_is_posted(server: Receiver, endpoint: Endpoint, product: Product, bob: User) -> None:
    run = manual_run(endpoint.affiliate, product, bob)
    mark_failed_manually(run=run, items=run.items.all(), reason="account closed", actor=bob)
    run_due_tasks()
    assert [json.loads(request.body)["type"] for request in server.requests] == ["payout.failed"]
    assert b"account closed" not in server.requests[0].body


@pytest.mark.slow
def test_payout_by_paypal_is_posted_when_sent_and_when_paid(
    paypal: Standin, endpoint: Endpoint, product: Product, bob: User
) -> None:
    approved_sale(endpoint.affiliate, product)
    EndpointDelivery.objects.all().delete()
    run = prepare_payout(currency="USD", actor=bob)
    approve_payout(run=run, actor=bob)
    run_due_tasks()
    assert kinds() == ["payout.sent"]
    paypal.advance(5)
    follow_payout(run=run)
    assert kinds() == ["payout.paid", "payout.sent"]


def test_only_chosen_events_are_stored(alice: Affiliate, erin: Affiliate, product: Product) -> None:
    add_endpoint(affiliate=alice, url=f"https://{NAME}/a", kinds=[EventKind.COMMISSION_APPROVED])
    approved_sale(alice, product)
    approved_sale(erin, product)
    assert kinds() == ["commission.approved"]


def test_event_has_one_id_at_all_endpoints(
    clock: time_machine.Traveller, server: Receiver, endpoint: Endpoint, product: Product
) -> None:
    add_endpoint(affiliate=endpoint.affiliate, url=f"https://{NAME}/b", kinds=[EventKind.COMMISSION_CREATED])
    sale(endpoint.affiliate, product)
    next_day(clock)
    assert len(server.requests) == 2
    [number] = {request.headers["webhook-id"] for request in server.requests}
    assert UUID(number.removeprefix("msg_")).version == 4


def test_undone_change_leaves_no_event(endpoint: Endpoint, product: Product) -> None:
    class Undone(Exception):
        pass

    with pytest.raises(Undone), transaction.atomic():
        sale(endpoint.affiliate, product)
        assert kinds() == ["commission.created"]
        raise Undone
    assert kinds() == []


def test_suspended_affiliate_still_gets_events(endpoint: Endpoint, product: Product) -> None:
    """The portal shows them the same."""
    commission = sale(endpoint.affiliate, product)
    Affiliate.objects.update(state="suspended")
    refund(commission, "59.95")
    assert kinds() == ["commission.created", "commission.reversed"]

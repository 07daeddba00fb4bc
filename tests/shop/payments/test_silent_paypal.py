"""PayPal accepts connections and never answers while much is open there: what was promised to people is done all the
same, each step of money asks a few times, and the next round goes on with the others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from affiliates.models import Affiliate, Click
from aitpro import housekeeping
from aitpro.housekeeping import Lane, housekeep
from contacts.mails import INQUIRY_RECEIVED
from privacy.mail.sending import queue_mail
from shop.models import Payment, PayPalEvent, Product, Refund
from shop.paypal.turn import SILENCES
from tests import factories
from tests.standin_process import Standin

OPEN = 25
STEPS = [name for name, job in housekeeping.JOBS.items() if job.lane is Lane.PAYPAL]


@pytest.fixture
def much_is_open(product: Product, paypal: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    """25 payments wait for their buyers, and as many paid ones, refunds, disputes and messages are to be looked up."""
    monkeypatch.setattr("shop.paypal.client.TIMEOUT", (1, 0.2))
    for number in range(OPEN):
        factories.payment(factories.order(product), state="created", paypal_order_id=f"O{number}")
        paid = factories.payment(
            factories.order(product), state="paid", paypal_order_id=f"P{number}", capture_id=f"C{number}"
        )
        Refund.objects.create(payment=paid, amount_minor=100, currency="USD")
        factories.dispute(paid, paypal_id=f"PP-D-{number}", checked_at=timezone.now() - timedelta(hours=2))
        factories.paypal_event(None, resource_id=f"R{number}", due_at=timezone.now() - timedelta(minutes=1))
    paypal.fault("silent", times=1000)


def calls(logged: pytest.LogCaptureFixture) -> int:
    return sum(record.name == "shop.paypal.client" for record in logged.records)


@pytest.mark.usefixtures("much_is_open")
def test_promises_are_kept_in_the_same_round_and_each_step_tries_three_times(
    alice: Affiliate, caplog: pytest.LogCaptureFixture
) -> None:
    factories.click(alice)
    Click.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    inquiry = factories.inquiry("dave@example.org")
    queue_mail(INQUIRY_RECEIVED, to="dave@example.org", about=inquiry, context={})
    caplog.clear()
    done = housekeep(now=timezone.now())
    assert done["expired rows purged"] == 1
    assert done["mails due"] == 1
    assert list(done)[-len(STEPS) :] == STEPS
    assert None not in done.values()
    assert {name: done[name] for name in STEPS if done[name]} == {
        "webhook events retried": SILENCES,
        "payments updated": SILENCES,
        "refunds updated": SILENCES,
        "disputes updated": SILENCES,
    }
    # The other steps learned from the first one that PayPal is silent; each half minute one more call finds out.
    assert SILENCES <= calls(caplog) <= SILENCES + len(STEPS)


@pytest.mark.usefixtures("much_is_open")
def test_each_round_goes_on_with_those_that_were_not_asked_yet(
    paypal: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop.paypal.silence.PAUSE", 0)  # so that each step asks
    for number in range(1, 4):
        housekeep(now=timezone.now(), lanes=[Lane.PAYPAL])
        assert Payment.objects.unsettled().exclude(asked_at=None).count() == SILENCES * number
        assert Payment.objects.filter(state="paid").exclude(asked_at=None).count() == SILENCES * number
        assert Refund.objects.exclude(checked_at=None).count() == SILENCES * number
        assert PayPalEvent.objects.filter(attempts=1).count() == SILENCES * number
    paypal.reset()
    done = housekeep(now=timezone.now(), lanes=[Lane.PAYPAL])
    assert done["payments updated"] == OPEN
    assert set(Payment.objects.filter(paypal_order_id__startswith="O").values_list("state", flat=True)) == {"expired"}

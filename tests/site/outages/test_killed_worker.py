"""kill -9 of the worker at each step of a task: another worker finds the task and does its work once.

`test_payout_crashes.py` does the same to payouts, `test_telling_killed_half_way.py` to notices of a new policy.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from accounts.models import User
from accounts.passwords.link import request_password_link
from accounts.security_log import log_failed_sign_in
from affiliates.membership.applications import ask_for_link_again, receive_application
from affiliates.models import Affiliate, Application
from aitpro.processes.worker import MOST_RUNS, Worker, put_back_abandoned
from privacy.audit.models import AuditEntry
from privacy.mail.sending import deliver_due_mail, queue_mail
from privacy.models import OutgoingMail, PrivacyRequest
from privacy.preferences.preferences import request_preferences_link
from privacy.requests.link_mail import mail_link
from shop.delivery.order_links import request_order_links
from shop.mails import ORDER_LINKS
from shop.models import Order, Payment, Product
from shop.webhooks.processing import handle_event
from tests import factories
from tests.affiliates.payouts.forks import run_in_a_process
from tests.samples import some_of
from tests.shop.purchases import approve, place
from tests.standin_process import Standin

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LONG_AGO = timedelta(minutes=10)
DAVE = "dave@example.org"


def worker(name: str = "tests") -> Worker:
    return Worker(
        queue_names=["*"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=name,
        excluded_queue_names=[],
    )


def work_in_a_process(folder: Path, die_at: str = "") -> tuple[int, list[str]]:
    return run_in_a_process(lambda: worker(f"first {die_at}"[:64]).run(), folder, die_at=die_at)


def let_another_go_on() -> None:
    DBTaskResult.objects.running().update(started_at=timezone.now() - LONG_AGO)
    put_back_abandoned(timezone.now())
    DBTaskResult.objects.filter(status="READY").update(run_after=timezone.now())
    worker("another").run()
    assert not DBTaskResult.objects.exclude(status="SUCCESSFUL").exists()


def matters(step: str) -> bool:
    """Commits, and statements that commit by themselves."""
    return "BEGIN" not in step and "SAVEPOINT" not in step and "after commit" not in step


def mails(kind: str) -> int:
    return OutgoingMail.objects.filter(kind=kind).count()


def application() -> Application:
    return Application(
        name="Erin", email=f"erin{Application.objects.count()}@example.org", website="https://erin.example"
    )


def link_again() -> None:
    Application.objects.all().delete()
    receive_application(application=application())
    DBTaskResult.objects.all().delete()
    ask_for_link_again(email="erin0@example.org")


def privacy_request() -> None:
    PrivacyRequest.objects.all().delete()
    request = PrivacyRequest.objects.create(
        kind="access", email=DAVE, keep_until=timezone.now() + timedelta(days=7), received_at=timezone.now()
    )
    mail_link.enqueue(str(request.pk))


CASES: dict[str, tuple[Callable[[], object], Callable[[], int]]] = {
    "order links": (lambda: request_order_links(email="carol@example.org"), lambda: mails("shop/order_links")),
    "password link": (lambda: request_password_link("alice@example.com"), lambda: mails("accounts/password_reset")),
    "failed sign-in": (
        lambda: log_failed_sign_in(User.objects.get(email_index="alice@example.com").pk),
        lambda: AuditEntry.objects.filter(action="accounts.session.refused").count(),
    ),
    "application": (
        lambda: receive_application(application=application()),
        lambda: mails("affiliates/application_received"),
    ),
    "application's link again": (link_again, lambda: mails("affiliates/application_received")),
    "preferences link": (
        lambda: request_preferences_link(email=DAVE, now=timezone.now()),
        lambda: mails("privacy/choices_link"),
    ),
    "privacy request": (privacy_request, lambda: mails("privacy/request_confirmation")),
}


@pytest.mark.parametrize("case", CASES)
def test_task_killed_at_any_step_does_its_work_once(
    case: str, alice: Affiliate, product: Product, settings: Settings, tmp_path: Path
) -> None:
    settings.PRIVACY_MAILS_PER_ADDRESS = 100
    ask, count = CASES[case]
    factories.order(product)
    factories.inquiry(DAVE)
    worker().run()
    ask()
    before = count()
    end, steps = work_in_a_process(tmp_path)
    assert (end, count()) == (0, before + 1)
    killed = 0
    for step in some_of(filter(matters, steps), 6):
        ask()
        before = count()
        end, _ = work_in_a_process(tmp_path, die_at=step)
        killed += end == -signal.SIGKILL
        let_another_go_on()
        assert count() == before + 1, step
    assert killed >= 2


def test_mail_killed_at_any_step_is_sent_and_twice_only_if_killed_behind_the_sending(
    product: Product, settings: Settings, tmp_path: Path
) -> None:
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": str(tmp_path / "mail")},
        }
    }
    order = factories.order(product)

    def ask() -> None:
        queue_mail(ORDER_LINKS, to=order.email, about=order, context={"orders": []})

    def sent() -> int:
        return sum(path.read_bytes().count(b"\nSubject: ") for path in (tmp_path / "mail").glob("*"))

    ask()
    end, steps = work_in_a_process(tmp_path)
    assert (end, sent()) == (0, 1)
    doubles = set()
    for step in filter(matters, steps):
        ask()
        before = sent()
        end, _ = work_in_a_process(tmp_path, die_at=step)
        assert end == -signal.SIGKILL, step
        let_another_go_on()
        OutgoingMail.objects.filter(state="sending").update(due_at=timezone.now() - 2 * LONG_AGO)
        deliver_due_mail(now=timezone.now())
        worker("another").run()
        assert sent() - before in {1, 2}, step
        if sent() - before == 2:
            doubles.add(step)
        assert not OutgoingMail.objects.exclude(state="sent").exists()
    assert 0 < len(doubles) <= 3
    assert not doubles & {steps[0], steps[-1]}


def test_paypal_message_killed_at_any_step_is_booked_once(
    paypal: Standin, product: Product, client: Client, tmp_path: Path
) -> None:
    def ask() -> Payment:
        """PayPal says that the buyer has approved; the browser never returns."""
        payment = place(client, name=f"Carol {Order.objects.count()}").payments.get()
        approve(paypal, payment)
        event = factories.paypal_event(
            event_id=f"WH-{payment.pk}",
            event_type="CHECKOUT.ORDER.APPROVED",
            resource_id=payment.paypal_order_id,
        )
        worker("another").run()
        handle_event.enqueue(str(event.pk))
        return payment

    def assert_booked_once(payment: Payment, step: str) -> None:
        payment.refresh_from_db()
        assert payment.order.paid_at and payment.capture_id, step
        assert OutgoingMail.objects.filter(kind="shop/receipt", about_id=payment.order_id).count() == 1, step

    payment = ask()
    end, steps = work_in_a_process(tmp_path)
    assert end == 0
    assert_booked_once(payment, "undisturbed")
    assert any("PayPal" in step for step in steps)
    at_paypal = [step for step in steps if "PayPal" in step or "before commit" in step]
    for step in some_of(at_paypal, 8):
        payment = ask()
        end, _ = work_in_a_process(tmp_path, die_at=step)
        assert end == -signal.SIGKILL, step
        Payment.objects.update(changed_at=F("changed_at") - LONG_AGO)  # its claim was abandoned, too
        let_another_go_on()
        assert_booked_once(payment, step)


def test_task_that_kills_each_worker_fails_in_the_end(product: Product, client: Client) -> None:
    request_order_links(email="carol@example.org")
    task = DBTaskResult.objects.get()
    for number in range(MOST_RUNS):
        task.refresh_from_db()
        assert task.status == "READY"
        task.claim(f"worker {number}")
        task.started_at = timezone.now() - LONG_AGO
        task.save()
        put_back_abandoned(timezone.now())
    task.refresh_from_db()
    assert (task.status, task.exception_class_path) == ("FAILED", "aitpro.processes.worker.TaskAbandoned")


def test_worker_that_is_started_with_the_name_of_a_dead_one_goes_on_at_once(product: Product) -> None:
    factories.order(product)
    request_order_links(email="carol@example.org")
    DBTaskResult.objects.get().claim("worker 1")
    worker("worker 2").run()
    assert DBTaskResult.objects.get().status == "RUNNING"  # it may be alive
    worker("worker 1").put_back_own()
    DBTaskResult.objects.update(run_after=timezone.now())
    worker("worker 1").run()
    assert DBTaskResult.objects.filter(task_path__endswith="mail_order_links").get().status == "SUCCESSFUL"
    assert mails("shop/order_links") == 1

"""The rest of the data set: clicks of thirty days, messages of a year, mails of thirty days, and the audit log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from affiliates.models import REFERRAL_LIFE, Click, DailyClicks
from contacts.models import Inquiry
from contacts.models.inquiry import KEPT
from privacy.audit.models import AuditEntry
from privacy.models import OutgoingMail
from shop.models import Order

from .bulk_sql import ago, copy_rows, day_of, numbers, run, uuid_of
from .rows import AFFILIATE, CAROLS, CHUNK, NAMES

DAYS = 29  # a click is gone on the thirtieth
MODEL = "/grow-model"


def add_clicks(count: int, *, first: int) -> None:
    """Counted already, as all but those of the last minute are."""
    if not first:
        now = timezone.now()
        at = {"clicked_at": now, "expires_at": now + REFERRAL_LIFE}
        Click(affiliate_id=UUID(int=1), landing_path=MODEL, counted=True, **at).insert()
    number, seconds = f"({first} + new.i)", f"({count} - new.i) * {DAYS * 86400}.0 / {count}"
    copy_rows(
        Click,
        f"old.landing_path = '{MODEL}'",
        numbers(count),
        id=uuid_of(number),
        affiliate_id=uuid_of(AFFILIATE.format(number)),
        landing_path="'/'",
        clicked_at=ago(seconds),
        expires_at=ago(f"{seconds} - {REFERRAL_LIFE.total_seconds():.0f}"),
    )
    DailyClicks.objects.all().delete()
    for kind, label in (("all", "''"), ("landing", "landing_path")):
        run(
            "INSERT INTO affiliates_dailyclicks"
            " (affiliate_id, day, by, label, clicks, unstored_clicks, bots, previews, refused)"
            f" SELECT affiliate_id, {day_of('clicked_at')}, '{kind}', {label}, COUNT(*), 0, 0, 0, 0"
            " FROM affiliates_click GROUP BY 1, 2, 3, 4"
        )


def add_messages(count: int, *, first: int) -> None:
    """One in a hundred still waits for an answer; the first ten are Carol's."""
    now = timezone.now()
    Inquiry.objects.bulk_create(
        (
            Inquiry(
                reference=f"Q-{number:06}",  # random ones would collide: the contact form makes another then
                name=NAMES[number % len(NAMES)],
                email=CAROLS[first > 0] if number < first + 10 else f"person{number}@example.org",
                message=f"How do I set up product {number}? It worked yesterday, and today it does not.",
                **_answered(number, received_at=now - timedelta(days=365) * (first + count - number) / count),
            )
            for number in range(first, first + count)
        ),
        batch_size=CHUNK,
    )


def _answered(number: int, *, received_at: datetime) -> dict[str, Any]:
    own = {"received_at": received_at, "due_at": received_at + timedelta(days=1), "keep_until": received_at + KEPT}
    if number % 100 == 0:
        return {**own, "state": Inquiry.State.OPEN}
    return {**own, "state": Inquiry.State.CLOSED, "answered_at": received_at + timedelta(hours=3)}


def add_mails(count: int, *, first: int) -> None:
    """The newest 1,000 can be opened: the others have the sealed columns of one of them."""
    order, now = Order.objects.latest("placed_at"), timezone.now()
    sealed = min(count, 1000)
    mails = [
        OutgoingMail(
            kind="shop/receipt",
            about_model="shop.Order",
            about_id=order.pk,
            recipient=f"person{number}@example.org",
            subject="Your order",
            text="Thank you for your order.",
            html="<p>Thank you for your order.</p>",
            state=OutgoingMail.State.SENT,
            queued_at=now,
            sent_at=now,
        )
        for number in range(first, first + sealed)
    ]
    OutgoingMail.objects.bulk_create(mails)
    if count == sealed:
        return
    seconds = f"60 + new.i * {DAYS * 86400}.0 / {count}"
    copy_rows(
        OutgoingMail,
        f"old.id = '{mails[0].pk.hex}'",
        numbers(count - sealed),
        id=uuid_of(f"({first} + new.i)"),
        queued_at=ago(seconds),
        due_at=ago(seconds),
        sent_at=ago(seconds),
    )


def add_audit(count: int, *, actor: User) -> None:
    """A chain that verifies."""
    now, head, ids = timezone.now(), AuditEntry.objects.head(), (UUID(int=number) for number in range(1, count + 1))

    def entries() -> list[AuditEntry]:
        nonlocal head
        chain = []
        for row in (row for row, _ in zip(ids, range(CHUNK), strict=False)):
            about = {"object_model": "shop.order", "object_id": str(row)}
            entry = AuditEntry.after(head, at=now, actor=actor.pk, action="privacy.staff.read", **about)
            chain.append(entry)
            head = entry.head
        return chain

    while chain := entries():
        AuditEntry.objects.bulk_create(chain)

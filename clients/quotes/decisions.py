"""What becomes of a quote that the client has: opened, declined, expired. Acceptance is in `acceptance.py`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from clients.mails import QUOTE_ANSWERED
from clients.models import Quote
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.mail.sending import notify
from privacy.registry.mail_kinds import business_address

if TYPE_CHECKING:
    from accounts.models import User

State = Quote.State
AT_ONCE = 200  # rows in one run of housekeeping


class NotOpen(ActionRefused):
    """The quote can't be answered (any more)."""


def note_opened(*, quote: Quote, now: datetime) -> None:
    """The first time that somebody opens the link: for staff, and proof of nothing, because mail programs follow
    links."""
    if Quote.objects.filter(pk=quote.pk, state=State.SENT).update(state=State.VIEWED, viewed_at=now):
        quote.state, quote.viewed_at = State.VIEWED, now


def locked_open_quote(quote: Quote, *, now: datetime) -> Quote:
    """The row, locked, if the client may answer it now. Raises `NotOpen`."""
    return locked_quote(quote, when=lambda stored: stored.is_open(now))


def locked_quote(quote: Quote, *, when: Callable[[Quote], bool]) -> Quote:
    """The row, locked. Raises `NotOpen` unless `when` says that it may be answered. Requires a transaction: whoever
    answers, withdraws or replaces a quote takes this lock first."""
    stored: Quote | None = Quote.objects.select_for_update(of=("self",)).filter(pk=quote.pk).first()
    if stored is None or not when(stored):
        raise NotOpen("This quote can't be answered any more: it was answered, withdrawn or replaced, or it expired.")
    return stored


@transaction.atomic
def decline_quote(*, quote: Quote, name: str, reason: str = "", now: datetime, actor: User | None = None) -> Quote:
    """On the page, with the name that was typed there (`actor` is None), or recorded by staff. Raises `NotOpen`."""
    stored = locked_open_quote(quote, now=now)
    stored.state, stored.decided_at = State.DECLINED, now
    stored.decided_name, stored.decline_reason, stored.recorded_by = name, reason or None, actor
    stored.save(update_fields=["state", "decided_at", "decided_name", "decline_reason", "recorded_by"])
    record(action="clients.quote.declined", about=stored, actor=actor)
    if actor is None:
        for address in business_address(stored):
            notify(QUOTE_ANSWERED, to=address, about=stored)
    return stored


def expire_quotes(*, now: datetime) -> int:
    """Records that the last day of open quotes is over: they can't be accepted since then, recorded or not. Returns how
    many."""
    return sum(
        _expire(pk, now)
        for pk in Quote.objects.lapsed(now).order_by("valid_until").values_list("pk", flat=True)[:AT_ONCE]
    )


@transaction.atomic
def _expire(pk: object, now: datetime) -> int:
    lapsed = Quote.objects.lapsed(now).select_for_update(of=("self",)).filter(pk=pk).first()
    if lapsed is None:
        return 0
    lapsed.state, lapsed.decided_at = State.EXPIRED, now
    lapsed.save(update_fields=["state", "decided_at"])
    record(action="clients.quote.expired", about=lapsed, actor=None)
    return 1

"""Sending a quote to its client, and withdrawing it.

What is sent is fixed: amounts, tax, installments, the last day, and the versions of the terms. A newer version replaces
the one that the client has, whose link then shows nothing any more.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from clients.mails import QUOTE_SENT
from clients.models import Installment, Quote, QuoteTerms
from contacts.inquiries.correspondence import log_correspondence
from contacts.inquiries.workflow import mark_answered
from contacts.models import Correspondence, Inquiry
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.mail.sending import queue_mail
from privacy.registry.deadlines import local_day
from shop.models import ShopTerms
from shop.models.terms import current_shop_terms

from .drafting import LARGEST_MINOR, add_up, schedule_problem

if TYPE_CHECKING:
    from accounts.models import User

State = Quote.State
IN_FULL = "In full"
# The refund policy and the license terms are about what the shop sells; the terms of sale say what is true of services.
TERMS = frozenset({ShopTerms.Document.SALE})


def obstacle(quote: Quote, *, now: datetime) -> str:
    """Why this draft can't be sent yet, for staff; empty if it can."""
    if quote.is_erased:
        return "The client's data was deleted."
    if not quote.title:
        return "Say in a few words what the quote is for."
    if not quote.lines.exists():
        return "Add at least one line with a price."
    if quote.valid_until < local_day(now):
        return "The last day of the quote is over: choose a later one."
    if quote.valid_until > local_day(now) + timedelta(days=settings.QUOTE_VALID_DAYS_AT_MOST):
        return f"The last day may be at most {settings.QUOTE_VALID_DAYS_AT_MOST} days from now."
    if quote.total_minor <= 0:
        return "The lines add up to nothing: a quote needs an amount above zero."
    if quote.total_minor > LARGEST_MINOR:
        return "The total is too large for one quote."
    return schedule_problem(quote)


def offer_of(quote: Quote) -> str:
    """A digest of what would be sent, and to whom: 64 hexadecimal digits."""
    lines = quote.lines.values_list("description", "quantity", "unit_price_minor")
    installments = quote.installments.values_list("label", "amount_minor", "due", "due_on")
    own = [getattr(quote, name) for name in ("name", "company", "email", "address", "title", "text", "valid_until")]
    text = json.dumps([own, quote.total_minor, list(lines), list(installments)], default=str)
    return sha256(text.encode()).hexdigest()


@transaction.atomic
def send_quote(*, quote: Quote, now: datetime, actor: User, by_letter: bool = False, offer: str | None = None) -> None:
    """Fixes the draft and mails its link, or leaves it to staff to send the PDF by letter. Raises `ActionRefused` with
    the obstacle, and `MailRefused` if the client may not be mailed; then nothing has changed.

    `offer` is what the sender saw (`offer_of`): a draft that changed since isn't sent.
    """
    versions = Quote.objects.select_for_update().filter(reference=quote.reference).order_by("version")
    draft = next((each for each in versions if each.pk == quote.pk and each.is_draft), None)
    if draft is None:
        raise ActionRefused("This quote is not a draft (any more).")
    if offer is not None and offer != offer_of(draft):
        raise ActionRefused("Not sent: the draft changed after you opened the page. Look at it, then send it.")
    add_up(quote=draft)
    if problem := obstacle(draft, now=now):
        raise ActionRefused(problem)
    for earlier in versions:
        if earlier.state == State.ACCEPTED:
            raise ActionRefused("The client has accepted an earlier version meanwhile.")
        if earlier.state in Quote.SENT_STATES:
            _end(earlier, State.REPLACED, now)
    if not draft.installments.exists():
        Installment.objects.create(quote=draft, label=IN_FULL, amount_minor=draft.total_minor)
    QuoteTerms.objects.bulk_create(
        QuoteTerms(quote=draft, document=version.document, version=version)
        for version in current_shop_terms()
        if version.document in TERMS
    )
    draft.tax_name = settings.TAX_NAME if settings.TAX_PERCENT else ""
    draft.tax_percent, draft.state, draft.sent_at = settings.TAX_PERCENT, State.SENT, now
    draft.save(update_fields=["tax_name", "tax_percent", "state", "sent_at"])
    if not by_letter:
        if not draft.email:
            raise ActionRefused("No email address is known. Send the PDF by letter instead.")
        queue_mail(QUOTE_SENT, to=draft.email, about=draft, context={})
    if draft.inquiry is not None:
        _answer(draft.inquiry, quote=draft, by_letter=by_letter, actor=actor)
    record(action="clients.quote.sent", about=draft, actor=actor)


def _answer(inquiry: Inquiry, *, quote: Quote, by_letter: bool, actor: User) -> None:
    """The quote answers its message. A letter is logged, which is refused without permission to write one."""
    if not by_letter:
        mark_answered(inquiry=inquiry)
        return
    way, text = Correspondence.Way.LETTER_OUT, f"The quote {quote.number}."
    entry = Correspondence(inquiry=inquiry, way=way, purpose=inquiry.purpose, notes=text)
    log_correspondence(entry=entry, actor=actor, answers=True)


@transaction.atomic
def send_link_again(*, quote: Quote, actor: User) -> None:
    """Mails the same link. Raises `ActionRefused` or `MailRefused`."""
    stored = Quote.objects.select_for_update().get(pk=quote.pk)
    if not stored.is_open(timezone.now()) or not stored.email:
        raise ActionRefused("This quote is not open (any more).")
    queue_mail(QUOTE_SENT, to=stored.email, about=stored, context={})
    record(action="clients.quote.sent_again", about=stored, actor=actor)


@transaction.atomic
def withdraw_quote(*, quote: Quote, actor: User) -> None:
    """The link shows nothing any more. Raises `ActionRefused`, also if the client has just decided."""
    sent = Quote.objects.select_for_update().filter(pk=quote.pk, state__in=Quote.SENT_STATES).first()
    if sent is None:
        raise ActionRefused("Only a quote that was sent, and that nobody has answered, can be withdrawn.")
    _end(sent, State.WITHDRAWN, timezone.now())
    record(action="clients.quote.withdrawn", about=sent, actor=actor)


def _end(quote: Quote, state: Quote.State, now: datetime) -> None:
    quote.state, quote.decided_at = state, now
    quote.save(update_fields=["state", "decided_at"])

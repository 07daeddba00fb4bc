"""Acceptance of a quote, on its page or recorded by staff from a signed letter: each installment becomes an order.

The orders are placed together with the acceptance, so that they have the same terms and the same referral (ADR 72).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from clients.mails import QUOTE_ACCEPTED, QUOTE_ANSWERED
from clients.models import Installment, Quote
from clients.models.quote import KEPT_ACCEPTED
from contacts.documents.file_validation import SniffedFile
from contacts.inquiries.correspondence import log_correspondence
from contacts.models import Correspondence
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.mail.sending import notify
from privacy.registry.deadlines import local_day
from privacy.registry.mail_kinds import business_address
from privacy.registry.purposes import Purpose
from shop.checkout.orders import place_service_order
from shop.models import Order

from .decisions import locked_open_quote, locked_quote

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def accept_quote(
    *,
    quote: Quote,
    name: str,
    request: HttpRequest | None,
    actor: User | None,
    on_paper: date | None = None,
    code: str = "",
    scan: SniffedFile | None = None,
) -> list[Order]:
    """Accepts the quote and returns its orders, in the order of the installments.

    On the page, `request` is the client's and decides about a referral, unless they entered an affiliate's `code`. From
    a letter, `request` is None, `actor` recorded it, `on_paper` is the letter's date, and `scan` is kept with the
    client's message; a letter that was signed in time may be recorded after the last day. Raises `NotOpen` if somebody
    was faster, and `ActionRefused` for an impossible date.
    """
    now = timezone.now()
    accepted = locked_open_quote(quote, now=now) if on_paper is None else _locked_signed_quote(quote, on_paper, now=now)
    accepted.state, accepted.decided_at, accepted.keep_until = Quote.State.ACCEPTED, now, now + KEPT_ACCEPTED
    accepted.decided_name, accepted.recorded_by, accepted.signed_on = name, actor, on_paper
    accepted.save(update_fields=["state", "decided_at", "keep_until", "decided_name", "recorded_by", "signed_on"])
    orders = _place_orders(accepted, request=request, code=code, now=now)
    if scan is not None:
        if accepted.inquiry is None or actor is None:
            raise ActionRefused("The message that this quote answered was deleted, so the scan can't be kept with it.")
        letter = Correspondence(
            inquiry=accepted.inquiry,
            way=Correspondence.Way.LETTER_IN,
            purpose=Purpose.QUOTE,
            happened_at=now,
            notes=f"Signed quote {accepted.reference}",
        )
        log_correspondence(entry=letter, actor=actor, answers=True, files=[scan])
    notify(QUOTE_ACCEPTED, to=accepted.email, about=accepted)
    if actor is None:
        for address in business_address(accepted):
            notify(QUOTE_ANSWERED, to=address, about=accepted)
    record(action="clients.quote.accepted", about=accepted, actor=actor)
    return orders


def _place_orders(quote: Quote, *, request: HttpRequest | None, code: str, now: datetime) -> list[Order]:
    installments = list(quote.installments.select_for_update())
    terms = [offered.version for offered in quote.offered_terms.select_related("version")]
    for number, installment in enumerate(installments, start=1):
        day = installment.due_on
        is_due = installment.due == Installment.Due.ACCEPTANCE or (day is not None and day <= local_day(now))
        part = f", installment {number} of {len(installments)}" if len(installments) > 1 else ""
        installment.order = place_service_order(
            product_name=f"{quote.service_name}, quote {quote.reference}{part}",
            amount=installment.amount,
            tax_name=quote.tax_name,
            tax_percent=quote.tax_percent,
            is_due=is_due,
            placed_at=now,
            terms=terms,
            code=code,
            request=request,
            name=quote.name,
            email=quote.email,
            company=quote.company,
            address=quote.address,
        )
        installment.released_at = now if is_due else None
        installment.save(update_fields=["order", "released_at"])
    return [installment.order for installment in installments if installment.order]


def _locked_signed_quote(quote: Quote, signed_on: date, *, now: datetime) -> Quote:
    """The row, locked, if a letter of this day can accept it. Raises `NotOpen` and `ActionRefused`."""
    signed = locked_quote(quote, when=lambda stored: stored.may_be_signed(now))
    sent_on = signed.sent_on or local_day(now)
    if signed_on > local_day(now):
        raise ActionRefused("The letter can't be dated in the future.")
    if signed_on < sent_on:
        raise ActionRefused(f"The quote was sent on {sent_on:%B %-d, %Y}: the letter can't be older.")
    if signed_on > signed.valid_until:
        raise ActionRefused(f"The last day of the quote was {signed.valid_until:%B %-d, %Y}: the letter is too late.")
    if Quote.objects.filter(reference=signed.reference, version__gt=signed.version).exclude(sent_at=None).exists():
        raise ActionRefused("The client has a newer version of this quote.")
    return signed

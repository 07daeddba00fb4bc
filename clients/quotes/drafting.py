"""Drafts of quotes: from a message, or as the next version of a quote that was sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from clients.models import Installment, Quote, QuoteLine
from contacts.models import Inquiry
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.registry.deadlines import local_day
from shop.models import Product
from shop.money import Money

from .schedule import ScheduleProblem, Share, installment_amounts

if TYPE_CHECKING:
    from accounts.models import User

LARGEST_MINOR = 2_000_000_000  # the most that an order's amount may be, in minor units
TITLE = 150  # characters


@transaction.atomic
def draft_quote(*, inquiry: Inquiry, actor: User) -> Quote:
    """A draft for the sender of the message, with the name and the contact points that they gave; or the one that is
    there, if nobody has written a line of it yet."""
    Inquiry.objects.select_for_update(of=("self",)).get(pk=inquiry.pk)  # two presses at once make one draft
    begun = Quote.objects.filter(inquiry=inquiry, state=Quote.State.DRAFT, version=1, lines=None).first()
    if begun is not None:
        return cast(Quote, begun)
    quote: Quote = Quote.objects.create(
        inquiry=inquiry,
        author=actor,
        name=inquiry.name,
        email=inquiry.email or None,
        address=inquiry.address or None,
        title=(inquiry.project or "")[:TITLE],
        valid_until=local_day(timezone.now()) + timedelta(days=settings.QUOTE_VALID_DAYS),
        asked_at=inquiry.received_at,
        **_current_tax(),
    )
    Product.objects.services()  # there from the first draft on, so that affiliates' rate can be set before any order
    record(action="clients.quote.drafted", about=quote, actor=actor)
    return quote


@transaction.atomic
def revise_quote(*, quote: Quote, actor: User) -> Quote:
    """A draft of the next version, or the one that there is. The version that the client has stays open until the new
    one is sent. Raises `ActionRefused` for an accepted quote."""
    versions = Quote.objects.select_for_update().filter(reference=quote.reference)
    newest: Quote = list(versions.order_by("version"))[-1]
    if newest.is_draft:
        return newest
    if newest.state == Quote.State.ACCEPTED or newest.is_erased:
        raise ActionRefused("An accepted quote doesn't change any more: write a new quote for what is added.")
    today = local_day(timezone.now())
    draft = Quote(
        inquiry=newest.inquiry,
        author=actor,
        service=newest.service,
        reference=newest.reference,
        version=newest.version + 1,
        valid_until=max(newest.valid_until, today + timedelta(days=settings.QUOTE_VALID_DAYS)),
        asked_at=newest.asked_at,
        currency=newest.currency,
        **_current_tax(),
    )
    for name in ("name", "company", "email", "address", "title", "text"):
        setattr(draft, name, getattr(newest, name))
    draft.save()
    for line in newest.lines.all():
        _copy(line, draft, ("position", "description", "quantity", "unit_price_minor"))
    for installment in newest.installments.all():
        _copy(installment, draft, ("position", "label", "percent", "fixed_minor", "due", "due_on"))
    add_up(quote=draft)
    record(action="clients.quote.drafted", about=draft, actor=actor)
    return draft


def _copy(row: QuoteLine | Installment, draft: Quote, names: Sequence[str]) -> None:
    """Sealed values are bound to their row, so that the copy is sealed anew."""
    copy = type(row)(quote=draft)
    for name in names:
        setattr(copy, name, getattr(row, name))
    copy.save()


def add_up(*, quote: Quote) -> None:
    """Stores the total of a draft's lines and what its installments come to: nothing, if they can't be paid so."""
    quote.total_minor = sum_of(list(quote.lines.all()), quote.currency).minor
    quote.save(update_fields=["total_minor"])
    installments = list(quote.installments.all())
    try:
        amounts = _amounts(quote, installments)
    except ScheduleProblem:
        amounts = [Money(0, quote.currency)] * len(installments)
    for installment, amount in zip(installments, amounts, strict=True):
        installment.amount_minor = amount.minor
        installment.save(update_fields=["amount_minor"])


def schedule_problem(quote: Quote) -> str:
    """Why the installments of a draft can't be paid as entered, for staff; empty if they can. Changes nothing."""
    try:
        _amounts(quote, list(quote.installments.all()))
    except ScheduleProblem as problem:
        return str(problem)
    return ""


def _amounts(quote: Quote, installments: Sequence[Installment]) -> list[Money]:
    return installment_amounts(quote.total, [_share(each) for each in installments]) if installments else []


def sum_of(lines: Sequence[QuoteLine], currency: str) -> Money:
    return sum((line.amount for line in lines), Money(0, currency))


def _share(installment: Installment) -> Share:
    fixed = installment.fixed_minor
    return Share(installment.percent, None if fixed is None else Money(fixed, installment.currency))


def _current_tax() -> dict[str, object]:
    return {"tax_name": settings.TAX_NAME if settings.TAX_PERCENT else "", "tax_percent": settings.TAX_PERCENT}


@transaction.atomic
def discard_draft(*, quote: Quote, actor: User) -> None:
    """Deletes it with its lines. Raises `ActionRefused` once it was sent."""
    draft = Quote.objects.select_for_update().filter(pk=quote.pk, state=Quote.State.DRAFT).first()
    if draft is None:
        raise ActionRefused("This quote was sent: withdraw it instead.")
    record(action="clients.quote.discarded", about=draft, actor=actor)
    draft.delete()

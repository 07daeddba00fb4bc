"""What staff can find about clients: quotes and agreements."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from privacy.admin_base.search.row_kinds import Fact, Shown, row_kind
from privacy.models.consent import Person
from privacy.registry.deadlines import local_day
from privacy.registry.purposes import Purpose

from .models import Agreement, Quote


def in_force(agreements: QuerySet[Agreement]) -> Fact | None:
    """What is agreed with the client now. One query."""
    day = local_day(timezone.now())
    found = next((agreement for agreement in agreements.order_by("-starts_on") if agreement.is_in_force(day)), None)
    return Fact(f"client: {found.subject}", found.entered_at) if found else None


row_kind(
    model=Agreement,
    purpose=Purpose.ORDER,
    one="agreement",
    many="agreements",
    position=15,
    show=lambda agreement: Shown(
        number=agreement.reference,
        at=agreement.entered_at,
        name=agreement.name,
        state=f"from {date_format(agreement.starts_on)}"
        + (f" to {date_format(agreement.ends_on)}" if agreement.ends_on else ""),
        detail=agreement.subject,
    ),
    at="entered_at",
    emails=("email_index",),
    phones=("phone_index",),
    codes=("reference",),
    words=("name", "email", "subject"),
    for_person=True,
    names_person=True,
    facts=in_force,
    contact=lambda agreement: Person(email=agreement.email, phone=agreement.phone, address=agreement.address),
)

row_kind(
    model=Quote,
    purpose=Purpose.QUOTE,
    one="quote",
    many="quotes",
    position=15,
    show=lambda quote: Shown(
        number=quote.number,
        at=quote.created_at,
        name=quote.name or "",
        state=quote.get_state_display(),
        detail=f"{quote.title or 'deleted'}, {quote.total}",
    ),
    at="created_at",
    emails=("email_index",),
    codes=("reference",),
    words=("name", "company", "email", "title"),
    for_person=True,
    names_person=True,
    open=Q(state__in=Quote.SENT_STATES),
    contact=lambda quote: Person(email=quote.email, address=quote.address),
)

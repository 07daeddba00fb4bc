"""What staff can find among the quotes."""

from __future__ import annotations

from django.db.models import Q

from privacy.admin_base.search.row_kinds import Shown, row_kind
from privacy.models.consent import Person
from privacy.registry.purposes import Purpose

from .models import Quote

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

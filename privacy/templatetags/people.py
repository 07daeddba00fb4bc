"""`{% person_card row %}`: the card of a row's person. `{% person_link row as url %}`: the address of their page."""

from __future__ import annotations

from typing import Any

from django import template
from django.db import models

from privacy.admin_base.people.person import person_url
from privacy.admin_base.people.sections import card_for
from privacy.admin_base.search.row_kinds import kind_of

register = template.Library()


@register.inclusion_tag("privacy/admin/_person_card.html", takes_context=True)
def person_card(context: Any, row: models.Model) -> dict[str, Any]:
    """Only for pages that record that the row was read: the card is part of it."""
    user, kind = context["request"].user, kind_of(type(row))
    if kind is None or not kind.for_person or not user.has_perm(kind.permission):
        return {"card": None}
    return {"card": card_for(row, user)}


@register.simple_tag(takes_context=True)
def person_link(context: Any, row: models.Model) -> str:
    """Empty if the row has no person, or the user may not see it."""
    kind = kind_of(type(row))
    return person_url(row) if kind is not None and context["request"].user.has_perm(kind.permission) else ""

"""`{% seen row %}` in an admin form: adds the snapshot of the row as shown on the page."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib.admin import site
from django.utils.html import format_html

from privacy.admin_base.optimistic_locking.guard import FIELD
from privacy.admin_base.optimistic_locking.snapshot import pack

register = template.Library()


@register.simple_tag(takes_context=True)
def seen(context: Any, row: Any) -> str:
    token = context.get("seen") if row == context.get("original") else None  # on a change page it already exists
    if token is None:
        model_admin: Any = site.get_model_admin(type(row))
        token = pack(model_admin.watched(context["request"], row))
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, token)

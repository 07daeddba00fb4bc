"""`{% seen row %}` in a form of staff: what the page showed of this row travels with what is sent."""

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
    token = context.get("seen") if row == context.get("original") else None  # a change page has it made already
    if token is None:
        model_admin: Any = site.get_model_admin(type(row))
        token = pack(model_admin.watched(context["request"], row))
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, token)

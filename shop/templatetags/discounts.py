"""Carries the discount code of a link from page to page, in the addresses of the site's own links: without a cookie."""

from __future__ import annotations

from typing import Any

from django import template

from shop.discounts.codes import code_query

register = template.Library()


@register.simple_tag(takes_context=True)
def carried_code(context: Any) -> str:
    """`?code=…` if this page was opened with one, to be added to the address of a page that shows a price."""
    request = context.get("request")
    return code_query(request.GET.get("code", "")) if request else ""

"""Tags for the templates of mails."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def link(target: str, *args: object) -> str:
    """An absolute address. `target` is a view's name, a path of this site, or a URL."""
    address = target if target.startswith(("/", "http")) else reverse(target, args=args)
    return settings.SITE_URL + address if address.startswith("/") else address


@register.simple_tag
def button(label: str, target: str, *args: object) -> SafeString:
    """A link as a button in a paragraph of its own; `target` as for `link`."""
    return format_html('<p class="action"><a class="button" href="{}">{}</a></p>', link(target, *args), label)

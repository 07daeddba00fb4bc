"""What a page says about itself: to browsers, to search engines, and to whoever shows a preview of a link to it."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.template.base import NodeList, Parser, Token
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_NO_MARKUP = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


class CaptureNode(template.Node):
    def __init__(self, name: str, nodelist: NodeList) -> None:
        self.name, self.nodelist = name, nodelist

    def render(self, context: template.Context) -> str:
        context[self.name] = mark_safe(self.nodelist.render(context).strip())  # noqa: S308  (rendered, so escaped)
        return ""


@register.tag
def capture(parser: Parser, token: Token) -> CaptureNode:
    """`{% capture name %}…{% endcapture %}`: what is inside, rendered once, for use in several places."""
    _, name = token.split_contents()
    nodelist = parser.parse(("endcapture",))
    parser.delete_first_token()
    return CaptureNode(name, nodelist)


@register.filter
def json_ld(data: dict[str, Any]) -> SafeString:
    """`<script type="application/ld+json">{{ data|json_ld }}</script>`: schema.org's data about the page.

    Browsers don't run such a block, so the content security policy allows it. No text in it can end the script.
    """
    text = json.dumps({"@context": "https://schema.org", **data}, cls=DjangoJSONEncoder)
    return mark_safe(text.translate(_NO_MARKUP))  # noqa: S308  (no character is left that HTML knows)


@register.simple_tag
def organization() -> dict[str, Any]:
    business = settings.BUSINESS
    return {
        "@type": "Organization",
        "@id": f"{settings.SITE_URL}/#organization",
        "name": business["name"],
        "alternateName": business["short_name"],
        "url": f"{settings.SITE_URL}/",
        "logo": f"{settings.SITE_URL}{static('aitpro/icons/icon-512.png')}",
        "email": business["email"],
        "telephone": business["phone"],
        "address": business["address"],
    }


@register.simple_tag
def breadcrumb_list(*names_and_paths: str) -> dict[str, Any]:
    """`{% breadcrumb_list "Products" catalog product.name request.path as breadcrumbs %}`, for `json_ld`."""
    pairs = zip(names_and_paths[::2], names_and_paths[1::2], strict=True)
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, "item": f"{settings.SITE_URL}{path}"}
            for position, (name, path) in enumerate(pairs, start=1)
        ],
    }

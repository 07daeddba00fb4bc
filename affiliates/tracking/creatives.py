"""Creatives: the images that other sites show, and the HTML or text with an affiliate's link."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from affiliates.models import IMAGES, Affiliate, Creative

from .landing_pages import resolve_landing_page
from .links import link_to

CACHED_FOR = 24 * 60 * 60  # seconds that browsers may cache an image


@require_safe
def creative_image(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Serves a banner to everybody, without a cookie, even when it is no longer offered."""
    creative = Creative.objects.exclude(image="").filter(pk=pk).first()
    if creative is None:
        raise Http404("There is no such image.")
    try:
        with creative.image.open("rb") as image:
            content = image.read()
    except FileNotFoundError:
        raise Http404("This image no longer exists.") from None
    response = HttpResponse(content, content_type=IMAGES[PurePath(str(creative.image.name)).suffix])
    response.headers["Cache-Control"] = f"public, max-age={CACHED_FOR}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def text_to_copy(creative: Creative, affiliate: Affiliate) -> str:
    """What the affiliate copies: a text with the link in it, or HTML."""
    if creative.body:
        return creative.body.replace("{link}", link_to(affiliate.code, creative.landing))
    return html_for(creative, affiliate)


def html_for(creative: Creative, affiliate: Affiliate) -> str:
    """The HTML that an affiliate copies into a page. All values are escaped."""
    link = link_to(affiliate.code, creative.landing)
    if not creative.image:
        return format_html('<a href="{}" rel="sponsored">{}</a>', link, creative.words)
    return format_html(
        '<a href="{}" rel="sponsored"><img src="{}" width="{}" height="{}" alt="{}" loading="lazy"></a>',
        link,
        settings.SITE_URL + reverse("affiliates:creative_image", args=[creative.pk]),
        creative.width,
        creative.height,
        creative.words,
    )


def validate_landing(path: str) -> None:
    """A creative may only link to a public page of this site."""
    if not path.startswith("/") or resolve_landing_page(path[1:]) != path:
        raise ValidationError("Enter the path of a public page of this site.")


def offered_to(affiliate: Affiliate) -> list[dict[str, Any]]:
    return [{"creative": one, "text": text_to_copy(one, affiliate)} for one in Creative.objects.offered()]

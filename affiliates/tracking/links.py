"""An affiliate's links in both forms, and their QR codes."""

from __future__ import annotations

from io import BytesIO
from urllib.parse import urlencode

import segno
from django.conf import settings

QUIET = 4  # modules of white space around the code, which scanners need


def link_to(code: str, landing: str = "/", sub: str = "", **further: str) -> str:
    """`/go/<code>/…`: short, and counts the click before the page is shown."""
    return f"{settings.SITE_URL}/go/{code}/{landing.lstrip('/')}{_query(sub=sub, **further)}"


def link_on_page(code: str, landing: str = "/", sub: str = "") -> str:
    """The page's own address with `?ref=`, for places where a redirect is unwanted."""
    return f"{settings.SITE_URL}{landing}{_query(ref=code, sub=sub)}"


def with_discount(link: str, code: str) -> str:
    """The same link, which also fills in a discount code."""
    return f"{link}{'&' if '?' in link else '?'}{urlencode({'code': code})}"


def qr_inline(link: str) -> str:
    """An SVG to embed in a page, without a style or size of its own."""
    code = segno.make(link, error="m", micro=False)
    return code.svg_inline(border=QUIET, omitsize=True, svgclass=None, lineclass=None)


def qr_file(link: str) -> bytes:
    """An SVG to print, 10 units per module."""
    out = BytesIO()
    segno.make(link, error="m", micro=False).save(out, kind="svg", scale=10, border=QUIET, light="#fff")
    return out.getvalue()


def _query(**values: str) -> str:
    given = {name: value for name, value in values.items() if value}
    return f"?{urlencode(given)}" if given else ""

"""Markdown that staff write, as HTML for the public pages.

Headings start below the page's own. HTML is shown as text, pictures come from this site's folders of pictures only, and
links to other sites tell them nothing about the reader. What a form should reject, `validate_markdown` names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import nh3
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

_TAGS = {"a", "blockquote", "br", "code", "em", "hr", "img", "li", "ol", "p", "pre", "strong", "ul"}
_TAGS |= {"h2", "h3", "h4", "h5", "h6"}
_ATTRIBUTES = {"a": {"href", "title", "rel"}, "img": {"src", "alt", "title", "loading"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
# No other address of this site: a browser asks for it, with the reader's cookies, as soon as the page is shown.
_PICTURE = re.compile(r"/(products/pictures|static)/([\w-]+/)*[\w-]+(\.[\w-]+)*", re.ASCII)

_to_html = MarkdownIt("commonmark", {"html": False})
_with_html = MarkdownIt("commonmark")  # only finds HTML, to name it


def render_markdown(text: str, *, top: int = 2) -> SafeString:
    """The HTML of a text whose highest heading becomes `<h{top}>`."""
    tokens = _to_html.parse(text)
    _shift_headings(tokens, top)
    for token in _inline(tokens):
        if token.type == "link_open" and not _is_ours(str(token.attrs.get("href", ""))):
            token.attrSet("rel", "noopener noreferrer")
        elif token.type == "image":
            _show_picture(token)
    html = _to_html.renderer.render(tokens, _to_html.options, {})
    html = nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=None)
    return mark_safe(html)  # noqa: S308  (nh3 has removed whatever isn't in the lists above)


def validate_markdown(text: str) -> None:
    """Rejects HTML and pictures of other sites, and names the first of them."""
    for token in (*_with_html.parse(text), *_inline(_with_html.parse(text))):
        if token.type in {"html_block", "html_inline"}:
            found = token.content.strip().splitlines()[0][:60]
            raise ValidationError(f"Write this in Markdown, without HTML such as “{found}”.")
        if token.type == "image" and not _is_our_picture(source := str(token.attrs.get("src", ""))):
            reason = (
                "is none of this site's pictures"
                if _is_ours(source)
                else "is on another site, which would learn who reads the page"
            )
            raise ValidationError(
                f"The picture “{source[:100]}” {reason}."
                " Upload it here, and use its address, which starts with /products/pictures/ or /static/."
            )


def _inline(tokens: list[Token]) -> Iterator[Token]:
    return (child for token in tokens for child in token.children or ())


def _is_ours(url: str) -> bool:
    """Whether the URL, as the parser has encoded it, leads to this site."""
    is_path = url.startswith(("/", "#")) and not url.startswith("//")
    return is_path or url.startswith(f"{settings.SITE_URL}/")


def _is_our_picture(url: str) -> bool:
    return bool(_PICTURE.fullmatch(url.removeprefix(settings.SITE_URL)))


def _shift_headings(tokens: list[Token], top: int) -> None:
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    highest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1]) - highest + top, 6)}"


def _show_picture(token: Token) -> None:
    """What isn't a picture of this site is replaced by its description."""
    if _is_our_picture(str(token.attrs.get("src", ""))):
        token.attrSet("loading", "lazy")
    else:
        token.type, token.content = "text", token.content or "picture"

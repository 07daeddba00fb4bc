"""Markdown of staff on public pages: no scripts, no pictures of other sites, headings below the page's own."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError

from privacy.web.markdown import render_markdown, validate_markdown

SCRIPTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "text <svg onload=alert(1)> text",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](&#x6A;avascript:alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    '[click](/ "\\" onmouseover=alert(1)")',
    "<a href='/' style='position:fixed'>x</a>",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
)


@pytest.mark.parametrize("text", SCRIPTS)
def test_scripts_are_shown_as_text(text: str) -> None:
    page = BeautifulSoup(render_markdown(text), "html.parser")
    assert {tag.name for tag in page.find_all()} <= {"p", "a", "code", "pre"}
    assert {name for tag in page.find_all() for name in tag.attrs} <= {"href", "title"}
    assert {str(tag["href"]) for tag in page.find_all(href=True)} <= {"/"}


@pytest.mark.parametrize("source", ["https://evil.example/x.png", "//evil.example/x.png"])
def test_picture_of_another_site_is_replaced_by_its_description(source: str) -> None:
    html = render_markdown(f"![A padlock]({source})")
    assert "<img" not in html
    assert "A padlock" in html
    with pytest.raises(ValidationError, match="on another site"):
        validate_markdown(f"![A padlock]({source})")


@pytest.mark.parametrize("text", [one for one in SCRIPTS if one.startswith(("<", "text"))])
def test_html_is_rejected_by_name(text: str) -> None:
    with pytest.raises(ValidationError, match="in Markdown, without HTML such as “<"):
        validate_markdown(text)


@pytest.mark.parametrize(
    "source",
    [
        "/go/DEMO/",
        "/accounts/logout/",
        "/products/pictures/../../go/DEMO/",
        "/static/%2e%2e/go/DEMO/",
        "/static//evil.example/x.png",
        "/\\evil.example/x.png",
        "/products/pictures/",
        "#here",
    ],
)
def test_address_of_this_site_that_is_no_picture_is_not_fetched_by_the_page(source: str) -> None:
    assert "<img" not in render_markdown(f"![A padlock]({source})")
    with pytest.raises(ValidationError, match="none of this site's pictures"):
        validate_markdown(f"![A padlock]({source})")


@pytest.mark.parametrize("source", ["/products/pictures/0af3/large.webp", "/static/aitpro/logo.27b4e1.svg"])
def test_picture_of_this_site_is_shown(source: str) -> None:
    text = f"![A padlock]({source})"
    validate_markdown(text)
    assert f'<img src="{source}" alt="A padlock" loading="lazy">' in render_markdown(text)


def test_headings_start_below_the_one_of_the_page() -> None:
    assert "<h2>A</h2>\n<h3>B</h3>" in render_markdown("# A\n## B")
    assert "<h3>A</h3>\n<h4>B</h4>" in render_markdown("## A\n### B", top=3)
    assert "<h6>Deep</h6>" in render_markdown("# A\n###### Deep", top=4)


def test_link_to_another_site_tells_it_nothing_of_the_reader() -> None:
    assert render_markdown("[docs](https://example.com/)").count('rel="noopener noreferrer"') == 1
    assert "rel=" not in render_markdown("[contact](/contact/)")


def test_text_without_markdown_is_kept() -> None:
    assert render_markdown("One < two & three.\n\nNext.") == "<p>One &lt; two &amp; three.</p>\n<p>Next.</p>\n"

"""Rules for the templates of pages: tables have captions, forms say what is wrong, keys are not translated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR) / "templates"
PAGES = {
    str(path.relative_to(ROOT)): path.read_text() for path in sorted(ROOT.rglob("*.html")) if "mail" not in path.parts
}
FOR_VISITORS = [name for name in PAGES if "admin/" not in name and "archive/" not in name]
# What a translation would spoil: numbers of orders and requests, license keys, affiliates' codes, checksums.
EXACT = re.compile(r"\{\{ ?(?:[\w.]*\.)?(?:reference|key|code|sha256|fingerprint)(?:\|[\w:\"]+)? ?\}\}")


def test_templates_are_found() -> None:
    assert len(FOR_VISITORS) > 100


@pytest.mark.parametrize("name", [name for name, text in PAGES.items() if "<table" in text])
def test_each_table_has_a_caption(name: str) -> None:
    tables = re.findall(r"<table(?![^>]*presentation)[^>]*>\s*(\S{0,8})", PAGES[name])
    assert set(tables) <= {"<caption"}


@pytest.mark.parametrize(
    "name",
    [name for name in FOR_VISITORS if ".as_field_group" in PAGES[name] and 'method="post"' in PAGES[name]],
)
def test_form_with_a_layout_of_its_own_has_the_error_summary(name: str) -> None:
    """`{{ form }}` brings it along."""
    assert "_form_errors.html" in PAGES[name]
    assert "non_field_errors }}" not in PAGES[name]


@pytest.mark.parametrize("name", [name for name in FOR_VISITORS if 'role="alert"' in PAGES[name]])
def test_alert_of_a_page_gets_the_focus(name: str) -> None:
    """An order page reloads while it waits for PayPal; its alerts leave the focus where it is."""
    alerts = re.findall(r'<[^<>]*role="alert"[^<>]*>', PAGES[name])
    if name not in {"base.html"} and not name.startswith("shop/outcomes/"):
        assert all("autofocus" in alert and 'tabindex="-1"' in alert for alert in alerts)


@pytest.mark.parametrize("name", [name for name in FOR_VISITORS if EXACT.search(PAGES[name])])
def test_keys_codes_and_numbers_are_not_translated(name: str) -> None:
    for match in EXACT.finditer(PAGES[name]):
        before = PAGES[name][: match.start()]
        in_tag = before.rfind("<") > before.rfind(">")
        block = before.rpartition("{% block ")[2]
        in_title = block.startswith(("title", "name", "description")) and "{% endblock" not in block
        assert in_tag or in_title or re.search(r'translate="no"[^<]*>\s*$', before), match[0]

"""No form of the site or the admin is without the key that lets it be sent twice (`privacy.web.idempotency`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.conf import settings
from django.test import Client
from django.urls import get_resolver, reverse

from affiliates.models import Affiliate
from privacy.web.idempotency.replay import is_repeatable
from tests import factories
from tests.site.pages import FORMS, READING
from tests.site.staff.test_staff_matrix import ADDRESSES, SIGNING_IN_AND_OUT, World, world

pytestmark = [pytest.mark.exhaustive, pytest.mark.one_database]

__all__ = ["world"]  # a fixture

FORM = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.DOTALL)
# Behind a link that nobody else knows, or on the page that asks whether anything may be stored: no cookie is set there,
# and the same choice made twice is one choice.
WITHOUT = {"privacy/choices.html", "affiliates/_question.html"}
WITHOUT_COOKIE = {"privacy:choices", "privacy:one_click", "shop:paypal_webhook", "affiliates:referral_answer"}
ONLY_READ = "api:"  # for programs, which have no cookie either


def forms_of(page: Any) -> Iterator[Tag]:
    return (form for form in BeautifulSoup(page.content, "html.parser").select("form[method=post]"))


def without_a_key(address: str, page: Any) -> list[str]:
    keys = [form.select_one("input[type=hidden][name=csrfmiddlewaretoken]") for form in forms_of(page)]
    return [address for key in keys if key is None or len(str(key["value"])) != 64]


def test_every_form_in_a_template_has_a_key() -> None:
    seen = {}
    for template in (settings.BASE_DIR / "templates").rglob("*.html"):
        for form in FORM.findall(template.read_text()):
            seen[str(template.relative_to(settings.BASE_DIR / "templates"))] = "{% csrf_token %}" in form
    assert len(seen) > 40
    assert {name for name, has_key in seen.items() if not has_key} == WITHOUT


def test_every_form_of_the_admin_has_a_key(world: World) -> None:
    pages = {name: world.address(route, name) for route, name in ADDRESSES if name not in SIGNING_IN_AND_OUT}
    answers = {address: world.clients["R"].get(address) for address in pages.values()}
    shown = {address: page for address, page in answers.items() if not page.streaming}  # a file has no form
    assert sum(len(list(forms_of(page))) for page in shown.values() if page.status_code == 200) > 100
    assert not [bad for address, page in shown.items() for bad in without_a_key(address, page)]
    # Going back fetches a staff page anew; the script leaves the key with its entry in the history.
    assert "aitpro/js/form-key.js" in shown["/admin/contacts/inquiry/"].content.decode()


@pytest.mark.usefixtures("product")
def test_every_form_of_the_site_has_a_key(alice: Affiliate, client: Client) -> None:
    client.force_login(alice.user)
    portal = [
        f"/affiliates/portal/{pattern.pattern}"
        for pattern in get_resolver("affiliates.urls").url_patterns
        if "portal" in str(pattern.pattern) and "<" not in str(pattern.pattern)
    ]
    for address in [*READING, *FORMS, *portal, f"/orders/{factories.order(factories.product(slug='x')).link_token}/"]:
        page = client.get(address, follow=True)
        assert not without_a_key(address, page)


@pytest.mark.django_db
def test_views_that_may_do_their_work_again_are_known(client: Client) -> None:
    """They make something fresh each time, or keep themselves from doing their work twice."""
    pages = walk(get_resolver().url_patterns)
    found = {f"{prefix}{page.name}" for prefix, page in pages if is_repeatable(page.callback)}
    read = {name for name in found if name.startswith(ONLY_READ)}
    assert found - read == {"shop:checkout", "shop:pay", "shop:prepare_download"} | WITHOUT_COOKIE
    assert read
    assert all(client.post(reverse(name)).status_code == 405 for name in read - {"api:unknown"})


def walk(patterns: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from walk(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else prefix)
        else:
            yield prefix, pattern

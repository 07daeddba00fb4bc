"""A stale staff page never undoes later changes: checked for every URL and every admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup, Tag
from django.conf import settings
from django.contrib import admin
from django.core import signing
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.test import Client

from privacy.admin_base.optimistic_locking.snapshot import SALT, SeenRows
from privacy.audit.models import AuditEntry
from privacy.disclosure.models import Disclosure
from privacy.evidence.rehearsal.browser import defaults_of
from tests import factories
from tests.quiet import quiet_logs

from .test_staff_matrix import ADDRESSES, MODELS, World, table, taken_back

pytestmark = [pytest.mark.exhaustive, pytest.mark.django_db]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with quiet_logs(), django_db_blocker.unblock(), transaction.atomic(), transaction.atomic(using="keystore"):
        yield World()
        for database in ("default", "keystore"):
            transaction.set_rollback(True, using=database)


def forms_of(client: Client, address: str) -> list[tuple[str, Tag]]:
    """Where each form of a page goes, and the form."""
    response = taken_back(client, "get", address)
    if response.status_code != 200 or "text/html" not in response["Content-Type"]:
        return []
    forms = BeautifulSoup(response.content, "html.parser").select("#content form[method=post]")
    return [(urljoin(address, str(form.get("action", "") or address)), form) for form in forms]


def about_a_row(world: World) -> list[tuple[str, Tag]]:
    """Every form that any page of the staff's has about a row, once for each address that it is sent to."""
    found: dict[str, Tag] = {}
    for route, name in ADDRESSES:
        for target, form in forms_of(world.clients["R"], world.address(route, name)):
            if any(part.count("-") == 4 or part.isdigit() for part in target.split("/")):
                found.setdefault(target, form)
            for button in form.select("[formaction]"):
                found.setdefault(urljoin(target, str(button["formaction"])), form)
    return list(found.items())


def of_an_older_page(token: str) -> str:
    """The token of a page that had shown something else."""
    seen = signing.loads(token, salt=SALT)
    for values in seen["rows"].values():
        for name in values:
            values[name] = ["0" * 32, values[name][1]]
    return signing.dumps(seen, salt=SALT)


def test_every_form_about_a_row_says_what_its_page_showed_and_does_nothing_once_that_changed(world: World) -> None:
    forms = about_a_row(world)
    assert len(forms) > 35
    without = [target for target, form in forms if form.find("input", {"name": "seen"}) is None]
    assert without == []
    acted, steps = [], [(target, form) for target, form in forms if not target.endswith("/change/")]
    assert len(steps) >= 26
    for target, form in steps:
        data = defaults_of(form)
        data["seen"] = of_an_older_page(str(data["seen"]))
        before = changes()
        with transaction.atomic():
            response = world.clients["R"].post(target, data)
            text = response.content.decode()
            if changes() != before or "after you opened the page" not in text:
                acted.append(f"{target}: {response.status_code}")
            transaction.set_rollback(True)
    assert acted == []


NOT_ABOUT_A_ROW = {
    "accounts/team": 1,  # a new account
    "affiliates/adjust": 1,  # a further line in the ledger
    "affiliates/outside_sale": 1,  # a new adjustment
    "affiliates/confirm": 1,  # many commissions, each of which is asked again
    "contacts/assign": 1,  # many messages, each compared with what their list showed
    "affiliates/payout_preview": 1,  # a new run
    "privacy/opt_out": 1,  # a new opt-out
    "privacy/search": 1,  # a search, which changes nothing
    "shop/reconciliation": 1,  # another look at PayPal
}


def test_every_form_of_a_template_of_staff_is_about_a_row_or_says_why_not() -> None:
    """Also those behind a state that no row of the walk has."""
    found = {}
    for path in sorted((settings.BASE_DIR / "templates").glob("*/admin/*.html")):
        text = path.read_text()
        if missing := text.count("{% csrf_token %}") - text.count("{% seen "):
            found[f"{path.parent.parent.name}/{path.stem}"] = missing
    assert found == NOT_ABOUT_A_ROW


def changes() -> int:
    return AuditEntry.objects.exclude(action__startswith="privacy.staff.").count()


def other_value(field: Tag) -> Any:
    """What somebody else could have entered here; None where there is no choice."""
    kind = str(field.get("type", field.name))
    if field.name == "select":
        return next(
            (str(o["value"]) for o in field.find_all("option") if o.get("value") and not o.has_attr("selected")), None
        )
    value = str(field.get_text().lstrip("\n") if field.name == "textarea" else field.get("value", ""))
    name = str(field["name"])
    if kind == "checkbox":
        return "" if field.has_attr("checked") else "on"
    if kind in {"hidden", "file", "password"} or name.endswith(("_1",)):
        return None
    if kind == "number" or value.replace(".", "").isdigit():
        return str(int(float(value or 0)) + 1)
    if name.endswith("_0") or (value[:4].isdigit() and value.count("-") == 2):
        return "2031-05-06"
    if kind == "url" or value.startswith("http"):
        return "https://other.example/"
    if kind == "email" or "@" in value or "email" in name:
        return "other@example.com"
    return f"{value}x"


# A draft is each colleague's own, and the other two do nothing without their buttons.
NOT_OF_THE_ROW = {"contacts/inquiry": {"answer", "saved_reply", "merge_into"}}
CHANGED_BY_STAFF = [m for m in admin.site._registry if "R" in table(MODELS)[m._meta.label_lower][2]]


@pytest.mark.parametrize("model", CHANGED_BY_STAFF, ids=lambda model: model._meta.label)
def test_stale_page_never_overwrites_a_colleagues_change(world: World, model: Any) -> None:
    label = model._meta.label_lower.replace(".", "/")
    row = world.rows.get(label.replace("/", "_")) or model._default_manager.latest("pk").pk
    address = f"/admin/{label}/{row}/change/"
    if label == "contacts/inquiry":
        factories.inquiry()
        address = f"/admin/{label}/{model._default_manager.exclude(state='held').latest('pk').pk}/change/"
    colleague = world.browser(world.bob)
    page = forms_of(world.clients["R"], address)
    form = max((form for _, form in page), key=lambda form: len(form.select("[name]")))
    stale = defaults_of(form)
    tried, silent = 0, []
    for field in form.select("[name]"):
        name, value = str(field["name"]), other_value(field)
        if value is None or name.startswith("_") or "__prefix__" in name or name in NOT_OF_THE_ROW.get(label, ()):
            continue
        with transaction.atomic():
            fresh = {**stale, name: value}
            if not value:
                del fresh[name]
            saved = colleague.post(address, fresh)
            if saved.status_code == 302:
                tried += 1
                text = world.clients["R"].post(address, stale).content.decode()
                if "after you opened the page" not in text:
                    silent.append(name)
            transaction.set_rollback(True)
    assert tried or model is Disclosure  # whose orders are never edited
    assert silent == []


def test_no_list_is_edited_in_place() -> None:
    """A list would have to carry what it showed of each row."""
    assert [model for model, one in admin.site._registry.items() if one.list_editable] == []


def test_a_token_that_this_site_did_not_make_is_refused() -> None:
    with pytest.raises(SuspiciousOperation):
        SeenRows.unpack(signing.dumps({"rows": {}}, salt="another"))

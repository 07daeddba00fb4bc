"""The inventory of entry points, which the rehearsal compares with those it reached."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import pytest
from django import forms
from django.core.management import call_command

from aitpro.probes import commands as command_probes
from contacts.inquiries.forms import ContactForm
from privacy.evidence.rehearsal.entry_points import (
    all_entry_points,
    commands,
    inputs,
    measured,
    reached_addresses,
    reasons,
)
from privacy.evidence.rehearsal.page_parsing import PageParser
from privacy.evidence.rehearsal.probes import all_probes
from privacy.evidence.rehearsal.rehearsal import SeenResponse

HTML = {"Content-Type": "text/html; charset=utf-8"}
FORM = b"""<a href="/privacy/?x=1">x</a><form method="post" action="/contact/"><input name="name"><input type="file"
name="f">
<select name="kind"><option value="">-<option value="a" selected>A<option value="b">B</select><textarea name="message">
typed</textarea><input type="checkbox" name="on"><input type="radio" name="r" value="1"><input type="radio" name="r"
value="2" checked><button name="go" value="1">Go</button></form>"""


def seen(route: str, *, who: str = "stranger", status: int = 200, to: str = "", body: bytes = b"") -> SeenResponse:
    return SeenResponse(who, "GET", f"/{route}", route, status, {**HTML, **({"Location": to} if to else {})}, body)


def test_the_inventory_has_what_libraries_bring_too() -> None:
    ways = all_entry_points()
    assert {"address admin/jsi18n/", "address go/<str:code>/<path:path>"} <= ways
    assert {"field contacts.inquiries.forms.ContactForm.message", "command housekeeping"} <= ways
    assert {"column contacts_inquiry.message", "column affiliates_click.address"} <= ways
    assert "command makemigrations" not in ways


def test_a_new_form_is_in_it_at_once() -> None:
    class Forgotten(forms.Form):
        __module__ = "contacts.inquiries.forms"
        text = forms.CharField()

    assert any(
        way.startswith("field contacts.inquiries.forms.") and way.endswith("Forgotten.text")
        for way in all_entry_points()
    )


def test_each_reason_is_about_a_way_that_is_there() -> None:
    all_probes()
    assert reasons()
    assert reasons().keys() <= all_entry_points()
    assert all(reason.endswith(".") for reason in reasons().values())


def test_each_command_is_run_by_a_probe_or_has_a_reason() -> None:
    """A rehearsal would find it too, minutes later."""
    all_probes()
    run = {f"command {word}" for word in re.findall(r"\w+", inspect.getsource(command_probes))}
    assert commands() - run == set()
    assert commands() & reasons().keys()


def test_an_address_is_reached_when_somebody_got_in_or_when_it_is_closed_to_all() -> None:
    got_in = [seen("contact/"), seen("accounts/", status=302, to="/admin/")]
    refused = [
        seen("admin/a/", status=302, to="/accounts/login/?next=/admin/a/"),
        seen("admin/b/", status=403),
        seen("admin/c/", status=404, who="superuser"),
        seen("admin/d/", status=405, who="superuser"),
    ]
    closed = [seen("admin/e/", status=403, who="superuser")]
    reached = reached_addresses([*got_in, *refused, *closed], to_all="superuser")
    assert reached == {"address contact/", "address accounts/", "address admin/e/"}


def test_requested_fields_are_compared_with_sent_fields() -> None:
    page = seen("contact/", body=FORM)
    answer = SeenResponse(
        "stranger", "POST", "/contact/", "contact/", 200, HTML, b"", fields=frozenset({"name", "other"})
    )
    asked, sent = inputs([page, answer])
    assert asked - sent == {f"input contact/ {name}" for name in ("f", "kind", "message", "on", "r")}
    assert "input contact/ other" in sent


def test_a_page_is_read_as_a_browser_reads_it() -> None:
    page = PageParser("/", FORM)
    form = page.forms[0]
    assert form.method == "post"
    assert form.fields == {
        "name": "text",
        "f": "file",
        "kind": "select",
        "message": "textarea",
        "on": "checkbox",
        "r": "radio",
    }
    assert form.values["kind"] == ["a"]
    assert form.values["r"] == ["2"]
    assert form.options == {"kind": ["", "a", "b"], "on": ["on"], "r": ["1", "2"]}
    assert form.buttons == [("go", "1")]
    assert page.links == {"/privacy/?x=1", "/contact/"}


@pytest.fixture
def reached() -> Iterator[set[str]]:
    found: set[str] = set()
    with measured(found):
        yield found


@pytest.mark.django_db
def test_a_field_is_reached_when_something_was_typed_into_it(reached: set[str]) -> None:
    ContactForm().is_valid()
    ContactForm({"name": "", "message": "x"}).is_valid()
    assert "field contacts.inquiries.forms.ContactForm.message" in reached
    assert "field contacts.inquiries.forms.ContactForm.name" not in reached


def test_a_command_is_reached_when_it_ran(reached: set[str], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("generate_key")
    assert capsys.readouterr().out
    assert reached == {"command generate_key"}

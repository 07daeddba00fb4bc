"""Ways in that nobody thought of: what the site takes, and no probe sends."""

from __future__ import annotations

from typing import Any

from ..mutations import around, breaks


@breaks("encrypted", at="contacts.forms.ForgottenForm")
def a_form_is_forgotten() -> None:
    """A new form of the site's own, on no page that a rehearsal reaches."""
    from django import forms

    globals()["kept_alive"] = type(
        "ForgottenForm", (forms.Form,), {"__module__": "contacts.inquiries.forms", "text": forms.CharField()}
    )


@breaks("encrypted", at="command import_people")
def a_command_is_forgotten() -> None:
    from privacy.evidence.rehearsal import entry_points

    around(entry_points, "get_commands", lambda former: {**former(), "import_people": "contacts"})


@breaks("encrypted", at="column contacts_inquiry.birthday")
def a_column_is_forgotten() -> None:
    """A personal column that no way in fills: nothing of it was looked for."""
    from privacy.evidence.rehearsal import entry_points

    around(entry_points, "columns", lambda former: {*former(), "column contacts_inquiry.birthday"})


@breaks("encrypted", at="address .well-known/security-policy.txt")
def an_address_is_forgotten() -> None:
    """An address that the walk leaves out, as it would one that it can't find a row for."""
    from aitpro.probes import crawl

    def go(former: Any, self: Any, route: str, browsers: Any) -> None:
        if route != ".well-known/security-policy.txt":
            former(self, route, browsers)

    around(crawl.Walk, "go", go)

"""Anybody can type anybody's address into a form: what is mailed there then carries no word that was typed with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.test import Client

from affiliates.models import Application
from contacts.inquiries.workflow import answer_inquiry
from contacts.models import Inquiry
from privacy.registry.declarations import PersonalData, declaration_for
from privacy.registry.mail_kinds import ByStrangers, MailKind, all_kinds
from tests import factories
from tests.contacts.conftest import Post, post  # noqa: F401  (a fixture)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

Work = Callable[[], int]
VICTIM = "victim@example.org"
LURE = "Win-now-at-evil.example"


def mailed(to: str = VICTIM) -> str:
    """All that was mailed there: headers, text, HTML."""
    messages: list[Any] = [message for message in mail.outbox if message.to == [to]]
    assert messages
    return "\n".join(str(message.message()) + message.body + str(message.alternatives) for message in messages)


def test_the_contact_form_carries_nothing_to_a_stranger(post: Post, work: Work) -> None:  # noqa: F811
    post(email=VICTIM, kind="quote", name=LURE, message=LURE, project=LURE, deadline=LURE, address=LURE)
    assert Inquiry.objects.get().name == LURE
    work()
    assert "We received your message" in mailed()
    assert LURE not in mailed()


def test_answer_to_a_stranger_contains_none_of_their_text(post: Post, work: Work) -> None:  # noqa: F811
    post(email=VICTIM, name=LURE)
    answer_inquiry(inquiry=Inquiry.objects.get(), body="We do.", actor=factories.user("bob@example.com"))
    work()
    assert "We do." in mailed()
    assert LURE not in mailed()


@pytest.mark.parametrize("decision", ["", "approve", "decline"])
def test_an_application_carries_nothing_to_a_stranger(client: Client, staff: Client, work: Work, decision: str) -> None:
    typed = {"name": LURE, "email": VICTIM, "website": f"https://{LURE}", "message": LURE, "terms": "on"}
    assert client.post("/affiliates/apply/", typed).status_code == 302
    work()
    if decision:
        application = Application.objects.get()
        staff.post(f"/admin/affiliates/application/{application.pk}/decide/{decision}/", {"reason": "Not now."})
        work()
        assert ("Welcome!" if decision == "approve" else "Not now.") in mailed()
    assert "Hello," in mailed()
    assert LURE.lower() not in mailed().lower()


def test_a_request_carries_nothing_to_a_stranger(client: Client, work: Work) -> None:
    client.post("/privacy/request/", {"kind": "question", "email": VICTIM, "details": LURE})
    client.post("/privacy/request/", {"kind": "access", "email": VICTIM, "details": LURE})
    client.post("/privacy/choices/", {"email": VICTIM})
    work()
    assert LURE not in mailed()


def test_a_password_link_carries_no_name(client: Client, work: Work) -> None:
    factories.user(VICTIM, name=LURE)
    client.post("/accounts/password/", {"email": VICTIM})
    work()
    assert "Use this link to set a new password" in mailed()
    assert LURE not in mailed()


def test_a_template_is_not_given_what_was_typed() -> None:
    order = factories.order(factories.product(), name=LURE)
    shown = ByStrangers(order)
    assert shown.product_name == "BPS Pro"
    assert not hasattr(shown, "name")
    assert not hasattr(ByStrangers(factories.payment(order)).order, "email")


def template_of(kind: MailKind) -> str:
    app, _, name = kind.template.partition("/")
    return (Path(settings.BASE_DIR) / "templates" / app / "mail" / f"{name}.html").read_text()


KINDS = {kind.template: kind for kind in all_kinds()}


def test_most_kinds_go_to_addresses_that_anybody_may_have_typed() -> None:
    unconfirmed = {name for name, kind in KINDS.items() if not kind.confirmed}
    assert {"contacts/inquiry_received", "affiliates/application_received", "shop/receipt"} <= unconfirmed


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if not kind.confirmed])
def test_the_template_of_such_a_kind_ask_for_no_name_and_for_nothing_typed(name: str) -> None:
    kind = KINDS[name]
    model = apps.get_model(kind.about)
    declaration = declaration_for(model._meta.db_table)
    typed = {*declaration.columns} - kind.shows if isinstance(declaration, PersonalData) else set()
    asked = set(re.findall(r"\{[{%][^}]*?\babout\.(\w+)", template_of(kind)))
    assert not asked & typed
    assert not re.search(r"\{\{ ?(name|email|message|website)\b", template_of(kind))

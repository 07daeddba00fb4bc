"""Breaking each promise on purpose turns exactly its row red, and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django import forms
from django.contrib import admin
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from affiliates.models import Affiliate, Click
from aitpro.traffic.models import DomainDay
from contacts.inquiries.forms import ContactForm
from contacts.inquiries.views import ContactView
from contacts.mails import INQUIRY_ANSWERED
from contacts.models import Correspondence, IncomingMail, Inquiry, Mailbox
from contacts.models.mailbox import mailbox_digest
from privacy.audit.models import AuditEntry
from privacy.audit.trail import record
from privacy.consent import contact_lists
from privacy.consent.contact_permission import Permission
from privacy.consent.opt_outs import suppress
from privacy.disclosure.models import Disclosure
from privacy.encryption.fields import SealedAttribute
from privacy.evidence import measurement
from privacy.models import OutgoingMail, PrivacyRequest
from privacy.models.consent import count_mail
from privacy.policy.models import PolicyVersion
from privacy.registry import declarations, purpose_binding
from privacy.registry.promises import PROMISES
from privacy.registry.purposes import Channel, Purpose
from privacy.requests.forms import PrivacyRequestForm
from tests import factories
from tests.privacy.audit.guards import guards_lifted

from .conftest import Broken

pytestmark = [pytest.mark.exhaustive, pytest.mark.django_db, pytest.mark.usefixtures("kept")]


class Scene:
    """What a saboteur can reach: the site's parts, by the names of fixtures."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request

    def __getattr__(self, name: str) -> Any:
        return self._request.getfixturevalue(name)

    def write_template(self, html: str) -> None:
        """Adds to the page of services, in the place of the true one."""
        directory: Path = self.tmp_path
        (directory / "aitpro").mkdir()
        page = '{% extends "base.html" %}{% block content %}' + html + "{% endblock content %}"
        (directory / "aitpro" / "services.html").write_text(page)
        settings: Settings = self.settings
        [engine] = settings.TEMPLATES
        settings.TEMPLATES = [{**engine, "DIRS": [directory, *engine["DIRS"]]}]

    def set_policy(self, **directives: list[str] | None) -> None:
        """Changes the Content-Security-Policy; None takes a directive out."""
        settings: Settings = self.settings
        changed = {**settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]}
        changed |= {name.replace("_", "-"): sources for name, sources in directives.items()}
        kept = {name: sources for name, sources in changed.items() if sources is not None}
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": kept}


Sabotage = Callable[[Scene], object]
SABOTAGES: list[Any] = []


def breaks(*promises: str) -> Callable[[Sabotage], Sabotage]:
    def register(sabotage: Sabotage) -> Sabotage:
        SABOTAGES.append(pytest.param(sabotage, set(promises), id=sabotage.__name__))
        return sabotage

    return register


# --- Reaching us, and what comes of it --------------------------------------------------------------------------------
@breaks("contactable")
def an_answer_is_overdue(scene: Scene) -> None:
    Inquiry.objects.update(due_at=timezone.now() - timedelta(hours=1))


@breaks("contactable")
def the_form_takes_nothing(scene: Scene) -> None:
    scene.monkeypatch.setattr(ContactForm, "is_valid", lambda form: False)


@breaks("contactable")
def the_page_of_the_form_fails(scene: Scene) -> None:
    scene.monkeypatch.setattr(ContactView, "template_name", "contacts/gone.html")


@breaks("contactable")
def a_stored_email_is_not_read(scene: Scene) -> None:
    IncomingMail.objects.create(content_digest="0" * 64, raw=b"", size=0)
    scene.clock.shift(timedelta(hours=1, minutes=1))


@breaks("contactable")
def the_mailbox_is_not_read(scene: Scene) -> None:
    use_mailbox(scene, read_at=timezone.now() - timedelta(hours=2, minutes=1))


@breaks("contactable")
def the_mailbox_has_a_message_that_is_not_stored(scene: Scene) -> None:
    use_mailbox(scene, read_at=timezone.now(), unknown=1)


@breaks("access")
def an_email_that_asks_for_everything_is_left_lying(scene: Scene) -> None:
    wish_for(PrivacyRequest.Kind.ACCESS)


@breaks("complaints")
def a_complaint_by_email_is_left_lying(scene: Scene) -> None:
    wish_for(PrivacyRequest.Kind.COMPLAINT)


def wish_for(kind: str) -> None:
    filed = {"size": 0, "state": IncomingMail.State.FILED, "received_at": timezone.now() - timedelta(days=30)}
    IncomingMail.objects.create(content_digest="0" * 64, wish=kind, **filed)


def use_mailbox(scene: Scene, **columns: Any) -> None:
    scene.settings.MAIL_IN = {"host": "mail.example.com", "port": 993, "user": "office", "folder": "INBOX"}
    Mailbox.objects.create(address_digest=mailbox_digest(), **columns)


@breaks("email-for-asked-contact-only")
def a_mail_goes_past_the_gate(scene: Scene) -> None:
    sent_mail("newsletter/spring", "carol@example.org")


@breaks("opt-out")
def an_opted_out_person_is_mailed(scene: Scene) -> None:
    suppress("dave@example.org", Channel.EMAIL)
    scene.clock.shift(timedelta(minutes=1))
    kind = INQUIRY_ANSWERED
    sent_mail(kind.template, "Dave@example.org")
    count_mail(kind=kind.template, purpose=kind.purpose, outcome="sent", day=timezone.now().date())


def sent_mail(kind: str, to: str) -> None:
    OutgoingMail.objects.create(
        kind=kind,
        about_model="contacts.Inquiry",
        about_id=Inquiry.objects.get().pk,
        recipient=to,
        subject="Spring",
        text="Buy",
        html="Buy",
        state="sent",
        sent_at=timezone.now(),
    )


@breaks("postal-purpose")
def a_letter_is_about_something_else(scene: Scene) -> None:
    log(Correspondence.Way.LETTER_OUT)


@breaks("phone-purpose")
def a_call_is_about_something_else(scene: Scene) -> None:
    log(Correspondence.Way.CALL_OUT)


def log(way: str) -> None:
    Correspondence.objects.create(inquiry=Inquiry.objects.get(), way=way, purpose=Purpose.QUOTE, notes="An offer.")


@breaks("phone-purpose")
def the_call_list_shows_who_opted_out(scene: Scene) -> None:
    suppress("dave@example.org", Channel.PHONE)
    everybody = Permission(True, "why not")
    scene.monkeypatch.setattr(contact_lists, "permissions_for", lambda contacts: [everybody for _ in contacts])


# --- Visitors ---------------------------------------------------------------------------------------------------------
@breaks("direct-visits-domain-only")
def an_address_is_counted(scene: Scene) -> None:
    DomainDay.objects.create(day=date(2026, 3, 2), domain="alice@example.com", views=3)


@breaks("domains-count-traffic-only")
def the_traffic_refers_to_people(scene: Scene) -> None:
    reference = "REFERENCES auth_group (id)"
    statements = [f"ALTER TABLE traffic_pageday ADD FOREIGN KEY (id) {reference}"]
    if connection.vendor == "sqlite":
        columns = f"id integer PRIMARY KEY {reference}, day date, page varchar(300), views integer"
        statements = ["DROP TABLE traffic_pageday", f"CREATE TABLE traffic_pageday ({columns})"]
    run(*statements)


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with deferred checks pending can't be altered
        for statement in statements:
            cursor.execute(statement)


@breaks("referral-30-days")
def the_purge_has_stopped(scene: Scene) -> None:
    clock: time_machine.Traveller = scene.clock
    clock.shift(timedelta(hours=3))


@breaks("referral-30-days")
def a_visit_is_kept_too_long(scene: Scene) -> None:
    alice: Affiliate = scene.alice
    factories.click(alice, timezone.now() - timedelta(days=31), address=None)


@breaks("referral-for-commission-only")
def anybody_may_read_a_visit(scene: Scene) -> None:
    scene.monkeypatch.setattr(Click, "address", SealedAttribute(Click._meta.get_field("address")))


@breaks("referral-for-commission-only")
def a_visit_is_read_for_a_quote(scene: Scene) -> None:
    scene.monkeypatch.setattr(purpose_binding, "_readers", [*purpose_binding._readers])
    purpose_binding.reads("affiliates_click", purpose=Purpose.QUOTE)(lambda: None)


@breaks("not-shared")
def a_template_has_a_script_of_somebody_else(scene: Scene) -> None:
    scene.write_template('<script src="https://cdn.example/count.js"></script>')


@breaks("not-shared")
def a_template_has_a_picture_of_somebody_else(scene: Scene) -> None:
    scene.write_template('<p style="background: url(//pixel.example/1.gif)">Hello</p>')


@breaks("not-shared")
def the_served_policy_lacks_a_directive(scene: Scene) -> None:
    scene.set_policy(form_action=None)


@breaks("not-shared")
def the_served_policy_lets_others_in(scene: Scene) -> None:
    scene.set_policy(script_src=["'self'", "https://cdn.example"])


@breaks("no-ad-servers")
def a_page_leads_to_an_ad_network(scene: Scene) -> None:
    scene.write_template('<a href="https://ad.doubleclick.net/clk">Our partner</a>')


@breaks("not-shared", "no-ad-servers")
def an_ad_is_loaded(scene: Scene) -> None:
    """One deed that breaks two promises: an ad network is a third party, too."""
    scene.write_template('<script src="https://pagead2.googlesyndication.com/pagead/js/adsbygoogle.js"></script>')


# --- What is kept, and for what ---------------------------------------------------------------------------------------
@breaks("correspondence-private")
def the_audit_is_cut(scene: Scene) -> None:
    record(action="contacts.inquiry.read", about=None, actor=None)
    with guards_lifted():
        AuditEntry.objects.order_by("number")[:1].get().delete()


@breaks("correspondence-private")
def the_database_lets_the_audit_be_changed(scene: Scene) -> None:
    trigger = "audit_auditentry_no_update"
    on = "" if connection.vendor == "sqlite" else " ON audit_auditentry"
    run(f"DROP TRIGGER {trigger}{on}")


@breaks("correspondence-private")
def a_staff_page_is_not_audited(scene: Scene) -> None:
    scene.monkeypatch.setitem(admin.site._registry, Inquiry, admin.ModelAdmin(Inquiry, admin.site))


@breaks("purpose-limitation")
def a_personal_table_has_a_plain_column_more(scene: Scene) -> None:
    run("ALTER TABLE contacts_inquiry ADD COLUMN hobby varchar(50)")


@breaks("encrypted")
def a_personal_column_is_plain(scene: Scene) -> None:
    declared: Any = declarations.declaration_for("accounts_user")
    columns = {**declared.columns, "date_joined": "since when"}
    other = declared.other_columns - {"date_joined"}
    scene.monkeypatch.setitem(
        declarations._personal, "accounts_user", replace(declared, columns=columns, other_columns=other)
    )


@breaks("paypal-only")
def a_card_number_is_typed_into_a_message(scene: Scene) -> None:
    factories.inquiry(message="Please take it from 4111 1111 1111 1111, thank you.")


@breaks("paypal-only")
def a_form_asks_for_a_card(scene: Scene) -> None:
    widget = forms.TextInput(attrs={"autocomplete": "cc-number"})
    scene.monkeypatch.setitem(ContactForm.base_fields, "number", forms.CharField(widget=widget, required=False))


@breaks("paypal-only")
def paypal_is_reached_without_tls(scene: Scene) -> None:
    scene.settings.PAYPAL_MODE, scene.settings.PAYPAL_BASE_URL = "live", "http://api-m.paypal.com"


# --- Rights, and what the law asks ------------------------------------------------------------------------------------
@breaks("access")
def a_request_is_overdue(scene: Scene) -> None:
    overdue(PrivacyRequest.Kind.ACCESS)


@breaks("complaints")
def a_complaint_is_overdue(scene: Scene) -> None:
    overdue(PrivacyRequest.Kind.COMPLAINT)


def overdue(kind: str) -> None:
    now = timezone.now()
    PrivacyRequest.objects.create(
        kind=kind,
        email="erin@example.org",
        state="confirmed",
        acknowledged_at=now,
        due_at=now - timedelta(hours=1),
        keep_until=now + timedelta(days=700),
    )


@breaks("complaints")
def the_form_takes_no_complaints(scene: Scene) -> None:
    field: Any = PrivacyRequestForm.base_fields["kind"]
    scene.monkeypatch.setattr(field, "choices", [choice for choice in field.choices if choice[0] != "complaint"])


@breaks("change-notice")
def the_policy_is_rewritten(scene: Scene) -> None:
    with guards_lifted():
        PolicyVersion.objects.update(registry_hash="0" * 64)


@breaks("legal-process-only")
def a_disclosure_is_not_audited(scene: Scene) -> None:
    now = timezone.now()
    Disclosure.objects.create(
        kind="court_order",
        authority="Superior Court",
        order_reference="No. 4711",
        email="carol@example.org",
        received_on=now.date(),
        scope=["shop_order"],
        document_digest="a" * 64,
        state="exported",
        approved_at=now,
        exported_at=now,
        export_digest="b" * 64,
    )


# --- The measuring itself ---------------------------------------------------------------------------------------------
@breaks("access")
def nothing_measures_it(scene: Scene) -> None:
    scene.monkeypatch.delitem(measurement._measures, "access")


@breaks("access")
def the_measuring_fails(scene: Scene) -> None:
    scene.monkeypatch.setitem(measurement._measures, "access", lambda now: run("SELECT nothing FROM nowhere"))


@pytest.mark.parametrize(("sabotage", "promises"), SABOTAGES)
def test_broken_control_turns_exactly_its_own_row_red(
    sabotage: Sabotage, promises: set[str], request: pytest.FixtureRequest, broken: Broken
) -> None:
    sabotage(Scene(request))
    assert broken() == promises


def test_while_nothing_is_broken_none_is_red(broken: Broken) -> None:
    assert broken() == set()


def test_each_promise_has_its_sabotage() -> None:
    alone = {promise for sabotage in SABOTAGES for promise in sabotage.values[1] if len(sabotage.values[1]) == 1}
    assert alone == {promise.id for promise in PROMISES}

"""Staff write the texts of mails themselves, and can change nothing else about a mail."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from contacts.inquiries.workflow import answer_inquiry
from contacts.mails import INQUIRY_ANSWERED, INQUIRY_RECEIVED
from privacy.admin_base.staff_roles import Role
from privacy.audit.models import AuditEntry
from privacy.mail.plain_text import subject_and_text
from privacy.mail.sending import queue_mail
from privacy.mail.texts.editing import problems_in
from privacy.mail.texts.language import body_html
from privacy.mail.texts.rendering import render_sample
from privacy.mail.texts.shipped import _TemplateReader, shipped_text
from privacy.models import MailTally, MailText, OutgoingMail
from privacy.registry.mail_kinds import all_kinds
from privacy.registry.mail_variables import declared_variables
from shop.mails import RECEIPT
from shop.models import Order, Product
from tests import factories
from tests.accounts.test_roles import member
from tests.cast import signed_in
from tests.pages.test_pages import problems
from tests.staff_pages import Page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAVE = "dave@example.org"
LIST = "/admin/privacy/mailtext/"
KINDS = sorted(kind.template for kind in all_kinds())
OWN = "Hi!\n\nWe have your message **{{ reference }}**.\n\n{{ complaint }}"


def address(kind: str = "contacts/inquiry_received", page: str = "change") -> str:
    return f"{LIST}{MailText.objects.get(kind=kind).pk}/{page}/"


def write(staff: Client, kind: str = "contacts/inquiry_received", **texts: str) -> Page:
    return Page(staff, address(kind)).submit(**texts)


def received() -> OutgoingMail:
    """Queues the confirmation of a message, as the site writes it now."""
    return queue_mail(INQUIRY_RECEIVED, to=DAVE, about=factories.inquiry(DAVE), context={})


def paid(product: Product) -> Order:
    order = factories.order(product)
    order.paid_at = order.placed_at
    return order


def without_end(sent: OutgoingMail) -> str:
    """Its text without the preferences link, which is another one in each mail."""
    return str(sent.text).partition("\n--\n")[0]


# --- Every kind -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
def test_shipped_text_is_allowed(kind: str) -> None:
    shipped = shipped_text(kind)
    assert problems_in(kind, subject=shipped.subject, body=shipped.body) == {}


def test_shipped_text_that_is_saved_stays_the_shipped_one(staff: Client) -> None:
    assert "was changed successfully" in write(staff, "shop/receipt").text
    assert not MailText.objects.get(kind="shop/receipt").is_own
    assert not MailText.objects.get(kind="shop/receipt").versions.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_preview_is_a_mail_with_reason_identity_and_unsubscribe_link(kind: str) -> None:
    subject, text = subject_and_text(render_sample(kind, "", ""))
    assert subject
    body, _, end = text.partition("\n--\n")
    assert body
    assert "{{" not in text
    assert "UNDEFINED" not in text
    for part in ("You received this", "AITpro Website Design & Security, 81 N Katherine Dr", "/privacy/"):
        assert part in end
    assert "Manage preferences or unsubscribe: " in end


def test_each_declared_variable_is_used_by_a_template() -> None:
    used = {variable.source for kind in KINDS for variable in shipped_text(kind).variables.values()}
    for app in {kind.partition("/")[0] for kind in KINDS}:
        names = {name for kind in KINDS if kind.startswith(f"{app}/") for name in shipped_text(kind).variables}
        for code, declared in declared_variables(app).items():
            assert declared.name in names, f"{app}: no template uses “{code}”."
            is_named = code.startswith(("block ", "link "))
            assert is_named or any(code in source for source in used), f"{app}: no template uses “{code}”."


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ about.email }}", "declare “about.email”"),
        ("{% if about.paid_at %}Paid.{% endif %}", "put “{% if about.paid_at %}” into a block"),
        ('{% button "Go" "admin:index" %}', 'declare “link "admin:index"”'),
    ],
)
def test_template_that_shows_more_than_is_declared_is_refused(source: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=re.escape(said)):
        _TemplateReader("shop/receipt").read(source)


def test_mail_with_the_shipped_text_saved_as_ones_own_says_the_same(staff: Client, product: Product) -> None:
    inquiry, order = factories.inquiry(DAVE), paid(product)
    answer_inquiry(inquiry=inquiry, body="Yes.\n\nWe <do>.", actor=factories.user("ann@example.com", is_staff=True))
    before = queue_mail(RECEIPT, to=order.email or "", about=order, context={})
    answer = OutgoingMail.objects.get(kind=INQUIRY_ANSWERED.template)
    for kind in (RECEIPT.template, INQUIRY_ANSWERED.template):
        shipped = shipped_text(kind)  # another end makes it one's own
        MailText.objects.filter(kind=kind).update(subject=shipped.subject + "!", body=shipped.body + "\n")
    after = queue_mail(RECEIPT, to=order.email or "", about=order, context={})
    assert (after.subject, without_end(after)) == (before.subject + "!", without_end(before))
    answer_inquiry(inquiry=inquiry, body="Yes.\n\nWe <do>.", actor=factories.user("ben@example.com", is_staff=True))
    again = OutgoingMail.objects.filter(kind=INQUIRY_ANSWERED.template).latest("pk")
    assert (again.subject, without_end(again)) == (answer.subject + "!", without_end(answer))


# --- Editing ----------------------------------------------------------------------------------------------------------
def test_edited_mail_is_sent_with_values_in_text_and_html(staff: Client, work: Callable[[], int]) -> None:
    assert "was changed" in write(staff, subject="Hi, {{ reference }}", body=OWN).text
    reference = received().subject.removeprefix("Hi, ")
    work()
    [sent] = mail.outbox
    assert sent.subject == f"Hi, {reference}"
    assert sent.body.startswith(f"AITpro Website Design & Security\n\nHi!\n\nWe have your message {reference}.\n\n--\n")
    assert f"<p>We have your message <strong>{reference}</strong>.</p>" in str(sent.alternatives)  # type: ignore[attr-defined]
    assert "because you wrote to us on our contact page" in sent.body


def test_link_alone_in_its_paragraph_is_a_button(staff: Client, product: Product) -> None:
    shipped = shipped_text("shop/license_restored")
    write(staff, "shop/license_restored", body=f"{shipped.body}\n\n[Our guide](https://www.example.com/a?b=1&c=2)")
    html = render_sample("shop/license_restored", "", MailText.objects.get(kind="shop/license_restored").body)
    assert '<p class="action"><a class="button" href="http' in html
    assert '<p><a href="https://www.example.com/a?b=1&amp;c=2">Our guide</a></p>' in html


def test_values_are_escaped_and_are_no_text_of_their_own(staff: Client) -> None:
    write(staff, "contacts/inquiry_answered", body="**Us:**\n\n{{ answer }}")
    inquiry = factories.inquiry(DAVE)
    hostile = "{{ reference }} <script>x</script> [a](javascript:b) **c**"
    answer_inquiry(inquiry=inquiry, body=hostile, actor=factories.user("ann@example.com", is_staff=True))
    sent = OutgoingMail.objects.get(kind=INQUIRY_ANSWERED.template)
    assert hostile in sent.text
    assert "&lt;script&gt;" in sent.html
    assert "<script>" not in sent.html


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ settings.SECRET_KEY }}", "Line 3: “{{ settings.SECRET_KEY }}” is not one of this mail's variables"),
        ("{{ about.email }}", "Line 3: “{{ about.email }}” is not"),
        ("{{ reference|safe }}", "Line 3: “{{ reference|safe }}” is not"),
        ("{{ preferences_url }}", "Line 3: “{{ preferences_url }}” is not"),
        ("{% include 'a.html' %}", "Line 3: “{% include 'a.html' %}” is not"),
        ("{% for a in b %}", "Line 3: “{% for a in b %}” is not"),
        ("{# note #}", "Line 3: “{# note #}” is not"),
        ("{{ reference", "Line 3: “{{ reference” is not"),
        ("{\\{settings}}", "without backslashes"),
        ("<script>alert(1)</script>", "Line 3: Write this in Markdown, without HTML such as “<script>”"),
        ("<b onclick=x>b</b>", "without HTML such as “<b onclick=x>”"),
        ("<!-- note -->", "without HTML such as “<!-- note -->”"),
        ("[a](javascript:alert(1))", "Line 3: a link leads to one of this mail's own links"),
        ("[a](JaVaScRiPt:alert(1))", "Line 3: a link leads"),
        ("[a](\njavascript:alert)", "a link leads"),
        ("[a](data:text/html,x)", "Line 3: a link leads"),
        ("[a](http://example.com/)", "not to “http://example.com/”"),
        ("[a](//example.com/)", "not to “//example.com/”"),
        ("[a](\n//example.com/)", "without backslashes and line breaks"),
        ("[a]({{ reference }})", "not to “{{reference}}”"),
        ("[](https://example.com/)", "Each link needs words"),
        ("![a](https://example.com/a.png)", "Line 3: A mail has no pictures"),
        ("# Title", "Line 3: A mail can't have this: “#”"),
        ("Because: {{ complaint }}", "Line 3: {{ complaint }} needs a paragraph of its own"),
    ],
)
def test_text_that_is_more_than_text_is_refused_at_its_place(text: str, said: str) -> None:
    typed = f"Hello,\n\n{text}\n\n{{{{ complaint }}}}"
    assert said in " ".join(problems_in("contacts/inquiry_received", subject="", body=typed)["body"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ settings.SECRET_KEY }} <script>alert(1)</script>", "Line 3: “{{ settings.SECRET_KEY }}” is not"),
        ("\u202eevil", "reverse the text direction"),
        ("\x00", "Null characters"),
        ("Call Carol: carol@example.org", "This contains an email address"),
        ("x" * 1_000_000, "at most 10000 characters"),
    ],
)
def test_form_with_a_refused_text_says_why_and_keeps_it(staff: Client, text: str, said: str) -> None:
    typed = f"Hello,\n\n{text}\n\n{{{{ complaint }}}}"
    refused = write(staff, body=typed)
    assert said in problems(refused)
    assert refused.field("body").replace("\r\n", "\n").strip() == typed.strip() or "\x00" in text
    assert not MailText.objects.exclude(body="").exists()


def test_error_in_a_text_that_was_never_edited_says_nothing_about_the_shipped_text(staff: Client) -> None:
    refused = write(staff, body="Hello {{ nobody }}")
    assert "is not one of this mail&#x27;s variables" in refused.html
    for wrong in ("The shipped text has changed", "Yours and the shipped text", "Use the shipped text…"):
        assert wrong not in refused.text


@pytest.mark.parametrize(
    "link", ["[x](https://evil.example/{{ reference }})", "[x](https://a.example/?b={{reference}}&c=1)"]
)
def test_variable_within_a_links_address_is_refused(staff: Client, link: str) -> None:
    refused = write(staff, body=f"Hi, {{{{ reference }}}}!\n\n{link}\n\n{{{{ complaint }}}}")
    assert "{{ reference }} can't be a part of a link's address." in problems(refused)
    assert not MailText.objects.exclude(body="").exists()


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("Hi\nBcc: everybody@example.org", "on one line"),
        ("{{ settings }} <b>{{ complaint }}</b>", "{{ complaint }} belongs into the body"),
        ("x" * 201, "at most 200 characters"),
    ],
)
def test_subject_that_is_more_than_a_subject_is_refused(staff: Client, subject: str, said: str) -> None:
    assert said in problems(write(staff, subject=subject))
    assert not MailText.objects.exclude(subject="").exists()


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("privacy/request_confirmation", "[…]({{ confirmation }})"),
        ("privacy/choices_link", "[…]({{ preferences }})"),
        ("accounts/password_reset", "[…]({{ password }})"),
        ("shop/receipt", "{{ lines }}"),
        ("shop/refund_requested", "{{ requested_at }}"),
        ("affiliates/moved_in", "{{ notice }}"),
        ("privacy/policy_changed", "{{ rights }}"),
    ],
)
def test_mail_without_what_it_has_to_contain_is_not_saved(kind: str, missing: str) -> None:
    found = problems_in(kind, subject="", body="Hello,\n\nand goodbye.")["body"]
    assert f"This mail has to contain {missing}." in found


def test_private_link_is_not_made_part_of_another_address() -> None:
    for typed in ("https://evil.example/?{{ archive }}", "[a](https://evil.example/{{ archive }})"):
        found = problems_in("privacy/request_archive", subject="", body=typed)["body"]
        assert any("{{ archive }} is the address of a link" in each or "has to contain" in each for each in found)
    html = body_html("[a](https://evil.example/{{ archive }})", {"archive": "SECRET"})
    assert "SECRET" not in html


def test_private_link_is_not_put_into_a_subject_which_is_kept(staff: Client) -> None:
    assert "belongs into the body" in problems(write(staff, "privacy/request_archive", subject="{{ archive }}"))


def test_form_has_no_field_for_anything_but_the_text(staff: Client) -> None:
    """Purpose, recipient, gate and legal parts are code: what is typed for them is ignored."""
    kind = next(kind for kind in all_kinds() if kind.template == "contacts/inquiry_received")
    form = Page(staff, address())
    assert {field["name"] for field in form.main_form.select("[name]")} - {"_save", "_continue", "_preview"} == {
        *("csrfmiddlewaretoken", "seen", "subject", "body"),
        *({"form_key"} & {str(field["name"]) for field in form.main_form.select("[name]")}),
    }
    form.submit(body=OWN, kind="shop/receipt", purpose="news", based_on="0" * 64, recipients="eve@example.com", why="x")
    assert MailText.objects.get(kind=kind.template).body == OWN
    assert kind == next(each for each in all_kinds() if each.template == kind.template)
    assert "because you wrote to us on our contact page" in received().text


# --- Preview and test -------------------------------------------------------------------------------------------------
def test_preview_shows_html_and_text_and_saves_nothing(staff: Client) -> None:
    form = Page(staff, address())
    shown = form.submit(subject="Hi, {{ reference }}", body=OWN, _preview="")
    assert "<strong>M-7KQ2-MX4T</strong>" in shown.html
    policy = shown.response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    text = form.submit(subject="Hi, {{ reference }}", body=OWN, _preview="text")
    assert text.response["Content-Type"] == "text/plain; charset=utf-8"
    assert text.html.startswith("Subject: Hi, M-7KQ2-MX4T\n\nAITpro")
    assert not MailText.objects.exclude(body="").exists()
    assert not AuditEntry.objects.filter(action="privacy.mail_text.changed").exists()


def test_test_goes_to_oneself_alone(staff: Client, work: Callable[[], int]) -> None:
    write(staff, subject="Hi, {{ reference }}", body=OWN)
    Page(staff, address()).press("Send me a test", email="eve@example.com", to="eve@example.com")
    work()
    [sent] = mail.outbox
    assert sent.to == ["bob@example.com"]
    assert sent.subject == "Hi, M-7KQ2-MX4T"
    assert "We have your message M-7KQ2-MX4T." in sent.body
    assert "you asked for a test" in sent.body


# --- Versions ---------------------------------------------------------------------------------------------------------
def test_versions_are_listed_with_author_and_can_be_restored_and_reset(staff: Client) -> None:
    write(staff, body=OWN)
    write(staff, body=OWN.replace("Hi!", "Good day!"))
    page = Page(staff, address())
    assert "Version 2" in page.text
    assert "bob@example.com" in page.text
    first = MailText.objects.get(kind="contacts/inquiry_received").versions.get(number=1)
    restored = Page(staff, address(page="restore")).submit(version=str(first.pk))
    assert "The version is restored." in restored.text
    assert received().text.partition("\n\n")[2].startswith("Hi!")
    assert "The mail has its shipped text." in Page(staff, address(page="reset")).submit().text
    assert "Thank you for writing" in received().text
    text = MailText.objects.get(kind="contacts/inquiry_received")
    assert [version.number for version in text.versions.all()] == [4, 3, 2, 1]
    assert AuditEntry.objects.filter(action="privacy.mail_text.changed").count() == 4


def test_version_of_another_mail_is_not_restored(staff: Client) -> None:
    write(staff, body=OWN)
    write(staff, "contacts/inquiry_answered", body="Hello,\n\n{{ answer }}")
    other = MailText.objects.get(kind="contacts/inquiry_answered").versions.get()
    refused = Page(staff, address(page="restore")).submit(version=str(other.pk))
    assert "Select a valid choice" in refused.text
    assert MailText.objects.get(kind="contacts/inquiry_received").body == OWN


def test_version_that_todays_rules_refuse_is_not_restored(staff: Client) -> None:
    text = MailText.objects.get(kind="contacts/inquiry_received")
    old = text.versions.create(number=1, subject="", body="{{ gone }}\n\n{{ complaint }}")
    assert "“{{ gone }}” is not one of this mail's" in Page(staff, address(page="restore")).submit(version=old.pk).text
    assert not MailText.objects.get(pk=text.pk).is_own


def test_second_of_two_colleagues_sees_what_the_first_one_wrote(staff: Client, grace: Any) -> None:
    late = Page(signed_in(grace), address())
    write(staff, body=OWN)
    refused = late.submit(body="{{ complaint }}\n\nGrace.")
    assert "was changed successfully" not in refused.text
    assert MailText.objects.get(kind="contacts/inquiry_received").body == OWN
    assert "Grace." in refused.field("body")


def test_release_with_another_shipped_text_is_shown_beside_ones_own(staff: Client) -> None:
    write(staff, body=OWN)
    assert "The shipped text has changed" not in Page(staff, address()).text
    MailText.objects.filter(kind="contacts/inquiry_received").update(based_on="0" * 64)
    page = Page(staff, address())
    assert "The shipped text has changed since this one was saved" in page.text
    assert "Thank you for writing." in page.text
    assert "1 edited mail whose shipped text has changed" in Page(staff, "/admin/").text
    assert "contacts/inquiry_received" in Page(staff, f"{LIST}?own=older").text
    page.submit()
    assert "The shipped text has changed" not in Page(staff, address()).text


# --- When it fails ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("body", ["{{ gone }}", "Without the complaint's block and with {{ gone }}"])
def test_mail_with_a_text_that_fails_is_sent_with_the_shipped_one_and_staff_see_it(staff: Client, body: str) -> None:
    MailText.objects.filter(kind="contacts/inquiry_received").update(body=body)
    assert "Thank you for writing" in received().text
    assert MailTally.objects.get(outcome="shipped").kind == "contacts/inquiry_received"
    assert "1 kind of mail sent with the shipped text" in Page(staff, "/admin/").text
    assert "contacts/inquiry_received" in Page(staff, f"{LIST}?failed=yes").text


def test_mail_that_lost_its_link_is_sent_with_the_shipped_text(product: Product) -> None:
    MailText.objects.filter(kind=RECEIPT.template).update(body="{{ lines }}")
    order = paid(product)
    sent = queue_mail(RECEIPT, to=order.email or "", about=order, context={})
    assert order.get_absolute_url() in sent.text
    assert "Thank you for your order" in sent.text


def test_queued_mail_keeps_the_text_with_which_it_was_sealed(staff: Client, work: Callable[[], int]) -> None:
    queued = received()
    write(staff, subject="Hi", body=OWN)
    work()
    [sent] = mail.outbox
    assert sent.subject == queued.subject != "Hi"
    assert "Thank you for writing" in sent.body


# --- Who --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("role", "reads", "writes"), [(Role.OWNER, 1, 1), (Role.MAIL, 1, 0), (Role.SHOP, 0, 0)])
def test_owner_edits_and_the_mail_role_reads(role: Role, reads: bool, writes: bool) -> None:
    browser = signed_in(member(role))
    assert (browser.get(address()).status_code == 200) == reads
    browser.post(address(), {"subject": "Hi", "body": OWN})
    assert MailText.objects.exclude(body="").exists() == writes


def test_nobody_adds_or_deletes_a_mail(staff: Client) -> None:
    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.post(address(page="delete"), {"post": "yes"}).status_code == 403
    assert MailText.objects.count() == len(KINDS)

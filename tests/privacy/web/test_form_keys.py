"""A form that is sent twice does its work once, and both requests get the same answer."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.models import User
from accounts.models.session import Session
from affiliates.membership.payout_address import request_payout_email_change
from affiliates.models import Affiliate, LedgerEntry, Objection
from aitpro.housekeeping import housekeep
from contacts.models import Correspondence, Document, Inquiry, Reply
from privacy.audit.models import AuditEntry
from privacy.disclosure.models import Disclosure
from privacy.evidence.rehearsal.browser import defaults_of
from privacy.models import AccessArchive, OutgoingMail, PrivacyRequest
from privacy.models.submitted_form import ABANDONED_AFTER, KEPT, SubmittedForm
from privacy.requests import receive_request
from privacy.web.idempotency import form_key
from shop.models import Product
from tests import factories
from tests.affiliates.sales import approved_sale, sale
from tests.cast import superuser
from tests.privacy.inbox import link_mailed_to

CONTACT = "/contact/"
PASSWORD = "correct horse battery"  # of everybody from the factories
DAVE = {"kind": "question", "name": "Dave Dorn", "email": "dave@example.org", "message": "What does a new site cost?"}


class Browser:
    """Fills in forms as a browser does, with every hidden field of the page."""

    def __init__(self, user: User | None = None) -> None:
        self.client = Client(enforce_csrf_checks=True)
        if user is not None:
            self.client.force_login(user)

    def fill_in(self, page: str, button: str = "", **fields: Any) -> tuple[str, dict[str, Any]]:
        """Where the first form with this in its source is sent, and what with."""
        shown = BeautifulSoup(self.client.get(page, follow=True).content, "html.parser").select_one("main, #content")
        assert shown, page
        form = next(form for form in shown.select("form[method=post]") if button in str(form))
        buttons = form.select("button, [type=submit]")
        pressed = next((b for b in buttons if button in str(b)), buttons[0])
        named = {str(pressed["name"]): str(pressed.get("value", ""))} if pressed.get("name") else {}
        return str(form.get("action") or page), {**defaults_of(form), **named, **fields}

    def send_twice(self, page: str, button: str = "", **fields: Any) -> str:
        """Where both requests lead, or what both show."""
        action, form = self.fill_in(page, button, **fields)
        first, second = (self.client.post(action, form) for _ in range(2))
        assert first.status_code == second.status_code < 400
        assert first.content == second.content
        assert first.headers.get("Location") == second.headers.get("Location")
        return first.headers.get("Location") or first.content.decode()


@pytest.fixture
def bobs(bob: User) -> Browser:
    return Browser(bob)


# --- The forms of the site --------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_question_sent_twice_is_one_inquiry_with_one_confirmation() -> None:
    place = Browser().send_twice(CONTACT, **DAVE)
    assert place == f"/contact/thanks/{Inquiry.objects.get().reference}/"
    assert sorted(OutgoingMail.objects.values_list("kind", flat=True)) == [
        "contacts/inquiry_received",
        "contacts/inquiry_waits",
    ]


@pytest.mark.django_db
def test_complaint_sent_twice_is_in_the_register_once() -> None:
    Browser().send_twice(CONTACT, **{**DAVE, "kind": "complaint"})
    assert PrivacyRequest.objects.get() == Inquiry.objects.get().privacy_request


@pytest.mark.django_db
def test_corrected_question_is_another_one() -> None:
    visitor = Browser()
    action, form = visitor.fill_in(CONTACT, **DAVE)
    for message in ("What does a new sight cost?", "What does a new site cost?"):
        visitor.client.post(action, {**form, "message": message})
    assert Inquiry.objects.count() == 2


@pytest.mark.django_db
def test_mistake_can_be_corrected_on_the_page_it_came_from() -> None:
    visitor = Browser()
    action, form = visitor.fill_in(CONTACT, **{**DAVE, "email": "dave"})
    assert [visitor.client.post(action, form).status_code for _ in range(2)] == [200, 200]
    assert visitor.client.post(action, {**form, "email": "dave@example.org"}).status_code == 302
    assert Inquiry.objects.count() == 1


@pytest.mark.django_db
def test_two_files_of_one_name_are_two_forms(rf: RequestFactory) -> None:
    def key(content: bytes) -> str:
        file = SimpleUploadedFile("offer.pdf", content, "application/pdf")
        sent = form_key(rf.post("/", {"csrfmiddlewaretoken": "x" * 64, "file": file}))
        assert sent is not None
        return sent.digest

    assert key(b"%PDF one") == key(b"%PDF one")
    assert key(b"%PDF one") != key(b"%PDF two")


@pytest.mark.django_db
def test_form_without_a_key_works_each_time(client: Client) -> None:
    assert [client.post(CONTACT, DAVE).status_code for _ in range(2)] == [302, 302]
    assert Inquiry.objects.count() == 2
    assert not SubmittedForm.objects.exists()


@pytest.mark.django_db
def test_cookies_own_value_is_no_key() -> None:
    """Programs that fetch the cookie alone send it with every form."""
    visitor = Browser()
    visitor.client.get(CONTACT)
    form = {**DAVE, "csrfmiddlewaretoken": visitor.client.cookies["csrftoken"].value}
    assert [visitor.client.post(CONTACT, form).status_code for _ in range(2)] == [302, 302]
    assert Inquiry.objects.count() == 2


@pytest.mark.django_db
def test_request_sent_twice_is_one_request() -> None:
    Browser().send_twice("/privacy/request/", "Send", email="erin@example.org", kind="access")
    assert PrivacyRequest.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("kind", PrivacyRequest.Kind.values)
def test_confirmation_pressed_twice_shows_its_result_twice(kind: str) -> None:
    factories.inquiry("erin@example.org")
    receive_request(email="erin@example.org", kind=kind, details="Wrong name.", now=timezone.now())
    browser, link = Browser(), link_mailed_to("erin@example.org")
    place = browser.send_twice(link, 'name="kind"')
    page = browser.client.get(place, follow=True)
    assert page.status_code == 200
    assert "was used" not in page.content.decode()


@pytest.mark.django_db
def test_archive_is_made_once() -> None:
    receive_request(email="erin@example.org", kind="access", details="", now=timezone.now())
    Browser().send_twice(link_mailed_to("erin@example.org"), 'name="kind"')
    assert AccessArchive.objects.count() == 1


@pytest.mark.django_db
def test_correction_sent_twice_shows_twice_what_is_corrected() -> None:
    inquiry = factories.inquiry("erin@example.org", name="Erin Elis")
    receive_request(email="erin@example.org", kind="correction", details="", now=timezone.now())
    browser = Browser()
    page = browser.send_twice(link_mailed_to("erin@example.org"), 'name="kind"')
    action, form = browser.fill_in(page)
    corrected = {name: "Erin Ellis" if value == "Erin Elis" else value for name, value in form.items()}
    answers = [browser.client.post(action, corrected) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    inquiry.refresh_from_db()
    assert inquiry.name == "Erin Ellis"


def test_stopped_change_of_the_payout_address_says_so_twice(alice: Affiliate) -> None:
    request_payout_email_change(affiliate=alice, email="mallory@example.org", actor=alice.user)
    page = Browser().send_twice(link_mailed_to("alice@example.com"))
    assert "410" not in page
    assert "<h1>" in page


def test_objection_sent_twice_is_one(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    Browser(alice.user).send_twice(f"/affiliates/portal/commissions/{commission.number}/", text="Where is the rest?")
    assert Objection.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page", [CONTACT, "/affiliates/apply/", "/affiliates/apply/link/", "/privacy/request/", "/privacy/choices/"]
)
def test_back_button_finds_the_form_with_its_key_and_typed_texts_are_not_stored(client: Client, page: str) -> None:
    """Seen in Chromium: a page that is not stored is fetched anew, and what was typed put into it, under a new key."""
    assert client.get(page).headers["Cache-Control"] == "private, max-age=0"
    assert "no-store" in client.post(page, {"email": "erin"}).headers["Cache-Control"]


# --- The forms of the admin -------------------------------------------------------------------------------------------
def test_adjustment_sent_twice_is_one_line(bobs: Browser, alice: Affiliate) -> None:
    page = "/admin/affiliates/ledgerentry/adjust/"
    bobs.send_twice(page, code=alice.code, amount="5.00", reason="Thanks.")
    assert LedgerEntry.objects.get().amount_minor == 500


def test_answer_sent_twice_is_mailed_once(bobs: Browser) -> None:
    inquiry = factories.inquiry()
    page = f"/admin/contacts/inquiry/{inquiry.pk}/change/"
    bobs.send_twice(page, "_save", answer="From $500.", _send="")
    assert Reply.objects.get().body == "From $500."
    assert OutgoingMail.objects.filter(kind="contacts/inquiry_answered").count() == 1


def test_call_logged_twice_is_one_call(bobs: Browser) -> None:
    inquiry = factories.inquiry(phone="805-651-8516")
    page = f"/admin/contacts/inquiry/{inquiry.pk}/log/"
    bobs.send_twice(page, way="call_out", purpose="answer_inquiry", notes="Wants two pages.")
    assert Correspondence.objects.count() == 1


def test_file_sent_twice_is_one_document(bobs: Browser) -> None:
    inquiry = factories.inquiry()
    action, form = bobs.fill_in(f"/admin/contacts/inquiry/{inquiry.pk}/document/")
    for _ in range(2):
        bobs.client.post(
            action, {**form, "file": SimpleUploadedFile("offer.pdf", b"%PDF-1.7 offer", "application/pdf")}
        )
    assert Document.objects.count() == 1


def test_product_added_twice_is_one(bobs: Browser) -> None:
    before = Product.objects.count()
    bobs.send_twice(
        "/admin/shop/product/add/", "_save", name="Guard", slug="guard", summary="Guards.", price_minor="6995"
    )
    assert Product.objects.count() == before + 1


def test_affiliate_added_in_a_window_of_its_own_twice_is_one(bobs: Browser) -> None:
    bobs.send_twice("/admin/accounts/user/add/?_popup=1", "_save", email="frank@example.net", name="Frank")
    assert User.objects.filter(email_index="frank@example.net").count() == 1


def test_action_on_a_list_pressed_twice_is_taken_once(bobs: Browser, alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    entries = AuditEntry.objects.filter(action__startswith="affiliates.commission.")
    before = entries.count()
    fields = {"action": "hold", "_selected_action": [str(commission.pk)], "reason": "Looks odd."}
    bobs.send_twice("/admin/affiliates/commission/", 'name="index"', **fields)
    assert entries.count() == before + 1


def test_disclosure_exported_twice_brings_its_file_to_both(bobs: Browser, bob: User) -> None:
    """It can be made once, and the browser drops the first answer of a double click."""
    factories.inquiry("carol@example.org")
    order = Disclosure.objects.create(
        kind="court_order",
        email="carol@example.org",
        received_on=timezone.now().date(),
        scope=["contacts_inquiry"],
        document_digest="0" * 64,
        state="approved",
        approved_at=timezone.now(),
        approved_by=superuser("grace@example.com"),
        recorded_by=bob,
    )
    action, form = bobs.fill_in(f"/admin/disclosure/disclosure/{order.pk}/change/", "export/")
    first, second = (bobs.client.post(action, form) for _ in range(2))
    assert first.headers["Content-Type"] == second.headers["Content-Type"] == "application/zip"
    assert first.content == second.content
    assert AuditEntry.objects.filter(action="disclosure.order.exported").count() == 1


# --- Who, when, and at the same moment --------------------------------------------------------------------------------
@pytest.mark.django_db
def test_another_person_with_the_same_key_gets_nothing_of_it() -> None:
    visitor, other = Browser(), Browser()
    action, form = visitor.fill_in(CONTACT, **DAVE)
    visitor.client.post(action, form)
    other.client.get(CONTACT)
    assert other.client.post(action, form).status_code == 403  # the token fits the first browser's cookie alone
    other.client.cookies["csrftoken"] = visitor.client.cookies["csrftoken"].value
    other.client.force_login(factories.user("frank@example.net"))
    other.client.post(action, form)
    assert Inquiry.objects.count() == 2


@pytest.mark.django_db
def test_sign_in_sent_twice_signs_in_once_and_both_answers_bring_the_session() -> None:
    factories.user("erin@example.org")
    browser = Browser()
    action, form = browser.fill_in("/accounts/login/", email="erin@example.org", password=PASSWORD)
    before = dict(browser.client.cookies)
    keys = []
    for _ in range(2):  # the second click leaves before the first answer is there
        browser.client.cookies.clear()
        browser.client.cookies.update(before)
        keys.append(browser.client.post(action, form).cookies["sessionid"].value)
    assert keys[0] == keys[1]
    assert Session.objects.count() == 1


@pytest.mark.django_db
def test_password_changed_twice_is_changed_though_the_session_is_a_new_one() -> None:
    erin = factories.user("erin@example.org")
    new = "a long enough passphrase"
    place = Browser(erin).send_twice(
        "/accounts/security/password/", old_password=PASSWORD, new_password1=new, new_password2=new
    )
    assert place == "/accounts/security/"


@pytest.mark.django_db
def test_copy_of_the_database_opens_no_answer() -> None:
    """What was answered (a link, a session, a page about somebody) opens with the form's key alone."""
    visitor = Browser()
    action, form = visitor.fill_in(CONTACT, **DAVE)
    place = visitor.client.post(action, form).headers["Location"]
    kept = SubmittedForm.objects.get()
    assert kept.answer is not None
    stored = bytes(kept.answer) + kept.digest.encode()
    for secret in (place, form["csrfmiddlewaretoken"], "dave@example.org"):
        assert secret.encode() not in stored


@pytest.mark.django_db
def test_key_is_forgotten_after_a_day(clock: time_machine.Traveller) -> None:
    visitor = Browser()
    action, form = visitor.fill_in(CONTACT, **DAVE)
    visitor.client.post(action, form)
    clock.shift(KEPT - timedelta(seconds=1))
    housekeep(now=timezone.now())
    visitor.client.post(action, form)
    assert Inquiry.objects.count() == 1
    clock.shift(timedelta(seconds=1))
    visitor.client.post(action, form)  # also where housekeeping has not run
    assert Inquiry.objects.count() == 2
    housekeep(now=timezone.now())
    clock.shift(KEPT)
    housekeep(now=timezone.now())
    clock.shift(timedelta(seconds=1))
    housekeep(now=timezone.now())
    assert not SubmittedForm.objects.exists()


@pytest.mark.django_db
def test_form_whose_process_was_killed_works_again(clock: time_machine.Traveller, monkeypatch: Any) -> None:
    monkeypatch.setattr("privacy.web.idempotency.middleware.LOOKS", 2)
    visitor = Browser()
    action, form = visitor.fill_in(CONTACT, **DAVE)
    with monkeypatch.context() as killed:
        killed.setattr("contacts.inquiries.views.receive_inquiry", _killed)
        killed.setattr("privacy.web.idempotency.middleware._settle", lambda *_: None)
        with pytest.raises(SystemExit):
            visitor.client.post(action, form)
    waiting = visitor.client.post(action, form)
    assert waiting.status_code == 503
    assert "Nothing is done twice" in waiting.content.decode()
    clock.shift(ABANDONED_AFTER)
    assert visitor.client.post(action, form).status_code == 302
    assert Inquiry.objects.count() == 1


def _killed(**_: Any) -> None:
    raise SystemExit


@pytest.mark.django_db
def test_message_whose_process_was_killed_after_its_commit_is_stored_once(
    clock: time_machine.Traveller, monkeypatch: Any
) -> None:
    visitor = Browser()
    action, form = visitor.fill_in(CONTACT, **DAVE)
    with monkeypatch.context() as killed:
        killed.setattr("privacy.web.idempotency.middleware._settle", lambda *_: None)
        visitor.client.post(action, form)
    again = visitor.client.post(action, form)
    clock.shift(2 * ABANDONED_AFTER)
    assert visitor.client.post(action, form).headers["Location"] == again.headers["Location"]
    assert Inquiry.objects.get().reference in again.headers["Location"]


@pytest.fixture
def at_once() -> Iterator[Any]:
    """Sends the same form from several connections at the same moment."""
    with ThreadPoolExecutor(4) as clicks:

        def click(browser: Browser, action: str, form: dict[str, Any]) -> list[Any]:
            barrier, cookies = Barrier(4), {n: m.value for n, m in browser.client.cookies.items()}

            def post(_: int) -> Any:
                client = Client(enforce_csrf_checks=True)
                client.cookies.load(cookies)
                barrier.wait()
                try:
                    answer = client.post(action, form)
                    return answer.status_code, answer.headers.get("Location")
                finally:
                    connections.close_all()

            return list(clicks.map(post, range(4)))

        yield click


@pytest.mark.django_db(transaction=True)
def test_question_sent_four_times_at_once_is_one_inquiry(at_once: Any) -> None:
    visitor = Browser()
    action, form = visitor.fill_in(CONTACT, **DAVE)
    answers = at_once(visitor, action, form)
    assert answers == [(302, f"/contact/thanks/{Inquiry.objects.get().reference}/")] * 4
    assert OutgoingMail.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_deletion_confirmed_four_times_at_once_is_one_with_its_report(at_once: Any) -> None:
    factories.inquiry("erin@example.org")
    receive_request(email="erin@example.org", kind="deletion", details="", now=timezone.now())
    visitor, link = Browser(), link_mailed_to("erin@example.org")
    answers = at_once(visitor, *visitor.fill_in(link, 'name="kind"'))
    assert len(set(answers)) == 1
    assert visitor.client.get(answers[0][1], follow=True).status_code == 200
    assert AccessArchive.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_adjustment_sent_four_times_at_once_is_one_line(at_once: Any, bob: User, alice: Affiliate) -> None:
    bobs = Browser(bob)
    fields = {"code": alice.code, "amount": "5.00", "reason": "Thanks."}
    answers = at_once(bobs, *bobs.fill_in("/admin/affiliates/ledgerentry/adjust/", **fields))
    assert {status for status, _ in answers} == {302}
    assert LedgerEntry.objects.get().amount_minor == 500

"""What people wrote to the site: messages of different ages and states, privacy requests, applications."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from accounts.models import User
from affiliates.membership.applications import receive_application
from affiliates.models import Application
from contacts.documents.file_validation import SniffedFile
from contacts.inquiries.budgets import budgets
from contacts.inquiries.correspondence import log_correspondence
from contacts.inquiries.entering import enter_inquiry
from contacts.inquiries.workflow import answer_inquiry, close_inquiry, receive_inquiry
from contacts.models import Correspondence, Inquiry
from privacy.models import PrivacyRequest
from privacy.requests import answer_with_text, record_request

from .affiliates import plan_application
from .quotes import plan_quotes
from .timeline import Timeline

Kind, Channel = Inquiry.Kind, Inquiry.Channel


def plan_correspondence(timeline: Timeline, *, staff: User) -> None:
    _plan_messages(timeline, staff)
    _plan_requests(timeline, staff)
    _plan_applications(timeline)


def _plan_messages(timeline: Timeline, staff: User) -> None:
    _write(timeline, 0.2, "Quinn Question", "Does BPS Pro work with WordPress multisite?")
    _write(timeline, 0.1, "Lara Lost", "Can you clean a site that was broken into?", phone="+1 805 555 0142")
    spam = "Best prices https://a.example.com https://b.example.com https://c.example.com"
    _write(timeline, 1.3, "Hugo Held", spam, held=True)
    expired = "My download link has expired. May I have another one?"
    _write(timeline, 1.4, "Olive Order", expired, kind=Kind.ORDER, assigned_to=staff)
    thanks = "Thank you for the quick help. BPS Pro stopped the sign-in attempts within an hour."
    closed = _write(timeline, 40.5, "Carl Closed", thanks)
    _answer(timeline, 39.7, closed, staff, "Hello Carl,\n\nThank you for telling us. Happy to hear it!\n\nSam")
    timeline.at(timeline.now - timedelta(days=39), lambda: close_inquiry(inquiry=closed, actor=staff))
    asked = _write(timeline, 9.2, "Dana Domain", "May I move my license to a new domain?", kind=Kind.ORDER)
    moved = "Hello Dana,\n\nYes. Deactivate BPS Pro on the old site, then enter the same key on the new one.\n\nSam"
    _answer(timeline, 8.5, asked, staff, moved)
    _plan_quote(timeline, staff)
    _plan_entered(timeline, staff)


def _plan_entered(timeline: Timeline, staff: User) -> None:
    """A call without an email address, and a letter with its scan."""
    called = "She found us in the phone book, has a flower shop, and asks whether we could look after her site."
    _enter(timeline, 0.6, "Cora Caller", called, staff, channel=Channel.CALL, phone="+1 805 555 0163")
    letter = "He thanks for the repaired site, and asks for a copy of the invoice."
    scan = SniffedFile("letter.txt", "text/plain; charset=utf-8", b"Please send me the invoice again. L. Letter")
    address = "7 Post Road, Ojai, CA 93023"
    _enter(timeline, 2.2, "Leo Letter", letter, staff, scan, channel=Channel.LETTER, address=address)


def _enter(
    timeline: Timeline, ago: float, name: str, message: str, staff: User, *scans: SniffedFile, **fields: Any
) -> None:
    received_at = timeline.now - timedelta(days=ago)
    inquiry = Inquiry(name=name, message=message, received_at=received_at, **fields)
    entered_at = received_at + timedelta(minutes=20)
    timeline.at(entered_at, lambda: enter_inquiry(inquiry=inquiry, actor=staff, files=scans))


def _plan_quote(timeline: Timeline, staff: User) -> None:
    """A quote request with a call and an answer."""
    quote = _write(
        timeline,
        6.3,
        "Petra Project",
        "We need a new site for our bakery, with orders for the weekend.",
        kind=Kind.QUOTE,
        assigned_to=staff,
        project="A site for a bakery",
        budget=budgets()[1],
        deadline="before Easter",
        phone="+1 805 555 0171",
        address="12 Baker Street, Ventura, CA 93001",
    )
    notes = "About forty products, pictures are ready, no online payment."
    timeline.at(timeline.now - timedelta(days=5.5), lambda: log_correspondence(entry=_call(quote, notes), actor=staff))
    _answer(timeline, 5.4, quote, staff, "Hello Petra,\n\nThank you for the call. The quote follows this week.\n\nSam")
    plan_quotes(timeline, asked=quote, staff=staff)


def _call(inquiry: Inquiry, notes: str) -> Correspondence:
    way, now = Correspondence.Way.CALL_OUT, timezone.now()
    return Correspondence(inquiry=inquiry, way=way, purpose=inquiry.purpose, happened_at=now, notes=notes)


def _write(timeline: Timeline, ago: float, name: str, message: str, *, held: bool = False, **fields: Any) -> Inquiry:
    """A message received so many days ago."""
    received_at = timeline.now - timedelta(days=ago)
    email = f"{name.partition(' ')[0].lower()}@example.org"
    inquiry = Inquiry(name=name, email=email, message=message, received_at=received_at, **fields)
    timeline.at(received_at, lambda: receive_inquiry(inquiry=inquiry, held=held))
    return inquiry


def _answer(timeline: Timeline, ago: float, inquiry: Inquiry, staff: User, body: str) -> None:
    moment = timeline.now - timedelta(days=ago)
    timeline.at(moment, lambda: answer_inquiry(inquiry=inquiry, body=body, actor=staff))


def _plan_requests(timeline: Timeline, staff: User) -> None:
    """One request by letter that is open, and a complaint that was answered."""
    letter = PrivacyRequest(
        kind=PrivacyRequest.Kind.CORRECTION,
        channel=PrivacyRequest.Way.LETTER,
        email="rita@example.org",
        details="My surname is spelled Ritter, with two t.",
    )
    complaint = PrivacyRequest(
        kind=PrivacyRequest.Kind.COMPLAINT,
        channel=PrivacyRequest.Way.EMAIL,
        email="colin@example.org",
        details="I got the same receipt twice. Do you keep my data twice?",
        identity=PrivacyRequest.Identity.NOT_NEEDED,
    )
    for ago, request in ((6.6, letter), (24.3, complaint)):
        timeline.at(timeline.now - timedelta(days=ago), partial(_record, request, staff))
    text = "Your order is stored once. Our mail server sent the receipt again after an error; we have fixed it."
    answered_at = timeline.now - timedelta(days=20.2)
    timeline.at(answered_at, lambda: answer_with_text(request=complaint, text=text, now=timezone.now(), actor=staff))


def _record(request: PrivacyRequest, staff: User) -> None:
    request.received_at = timezone.now() - timedelta(hours=5)
    record_request(request=request, now=timezone.now(), actor=staff)


def _plan_applications(timeline: Timeline) -> None:
    """One waits for a decision, one is held, one is not confirmed yet."""
    message = "We review plugins every week and would like to recommend BPS Pro."
    waiting = _application("Wanda Waiting", "https://reviews.example.com/", message)
    plan_application(timeline, timeline.now - timedelta(days=2.4), waiting)
    held = _application("Best Deals", "https://best.example.com/", "Guaranteed traffic, 1000 visitors a day!")
    timeline.at(timeline.now - timedelta(days=1.1), lambda: receive_application(application=held, held=True))
    new = _application("Ute Unconfirmed", "https://notes.example.org/", "")
    timeline.at(timeline.now - timedelta(days=0.3), lambda: receive_application(application=new))


def _application(name: str, website: str, message: str) -> Application:
    email = f"{name.partition(' ')[0].lower()}@example.org"
    return Application(name=name, email=email, website=website, message=message)

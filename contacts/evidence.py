"""Evidence that we can be contacted, and that phone numbers and postal addresses serve only their purpose."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse

from privacy.consent.contact_lists import contact_list
from privacy.consent.contact_permission import Contact, purposes_of
from privacy.evidence.measurement import Evidence, Figures, at_least, evidence_for
from privacy.evidence.served_pages import serve
from privacy.models import PrivacyRequest
from privacy.models.consent import Suppression
from privacy.registry.deadlines import business_days_after, deadlines_of, local_day
from privacy.registry.purposes import Channel, Purpose
from privacy.registry.use_sentences import bind_sentences, implicit_uses

from .inquiries.forms import ContactForm
from .models import Correspondence, IncomingMail, Inquiry, Mailbox
from .models.mailbox import mailbox_digest

PROBE = {"kind": "question", "name": "Probe", "email": "probe@example.com", "message": "Does the form accept this?"}
WAYS = ("email", "phone", "address")  # contact details that the page must show beside the form
MOST_DAYS = 100  # business days counted
UNREAD_FOR = timedelta(hours=1)  # housekeeping reads a stored mail again within minutes
SILENT_FOR = timedelta(hours=2)  # housekeeping reads the mailbox every minute


bind_sentences(
    Inquiry._meta.db_table,
    implicit_uses(Purpose.ANSWER_INQUIRY, Purpose.QUOTE, Purpose.ORDER),
    {
        "Besides that, we only send notices of changes to our privacy policy.": "contacts/inquiries/forms.py",
        "We only use it to call you about this message.": "contacts/inquiries/forms.py",
        "We only use it to send you letters about this message": "contacts/inquiries/forms.py",
    },
)


@evidence_for("contactable")
def we_can_be_reached(now: datetime) -> Evidence:
    """Broken if the page or its form fails, if the page lacks a contact detail, or if a message is overdue."""
    page, form = serve(reverse("contacts:contact")), ContactForm(PROBE)
    text = page.content.decode() if isinstance(page, HttpResponse) else ""
    shown = [way for way in WAYS if settings.BUSINESS[way] in text]
    takes = page.status_code == 200 and "<form" in text and form.is_valid()
    # Complaints have their own deadline, and held messages may be spam.
    overdue = Inquiry.objects.overdue(now).filter(state=Inquiry.State.OPEN).exclude(kind=Inquiry.Kind.COMPLAINT).count()
    return Evidence(
        kept=takes and len(shown) == len(WAYS) and not overdue,
        figures={
            "contact form accepts messages": "yes" if takes else "no",
            "other contact details on its page": f"{len(shown)} of {len(WAYS)}",
            "last message answered": _last_answer(),
            "overdue messages": at_least(overdue),
            "business days to answer": settings.INQUIRY_ANSWER_DAYS,
        },
    )


def _last_answer() -> str:
    last = Inquiry.objects.exclude(answered_at=None).order_by("-answered_at").first()
    if last is None:
        return "none yet"
    days = (
        days
        for days in range(MOST_DAYS)
        if local_day(last.answered_at) <= local_day(business_days_after(last.received_at, days))
    )
    found = next(days, MOST_DAYS)
    return "on the same business day" if found == 0 else f"within {found} business day{'' if found == 1 else 's'}"


@evidence_for("contactable")
def mail_arrives(now: datetime) -> Evidence:
    """Broken if a stored mail isn't read, if the mailbox isn't, or if it has messages that are not stored here."""
    unread = IncomingMail.objects.filter(state=IncomingMail.State.RECEIVED, received_at__lt=now - UNREAD_FOR).count()
    figures: Figures = {"emails that wait to be read": at_least(unread)}
    if not settings.MAIL_IN:
        return Evidence(kept=not unread, figures=figures)
    mailbox = Mailbox.objects.filter(address_digest=mailbox_digest()).first() or Mailbox()
    is_read = mailbox.read_at is not None and mailbox.read_at > now - SILENT_FOR
    figures["mailbox last read"] = f"{mailbox.read_at:%B %-d, %Y, %H:%M} UTC" if mailbox.read_at else "never"
    figures["messages in the mailbox that are not stored here"] = mailbox.unknown
    return Evidence(kept=not unread and is_read and not mailbox.unknown, figures=figures)


@evidence_for("access")
def wishes_by_email_are_taken_up(now: datetime) -> Evidence:
    return _taken_up(IncomingMail.objects.exclude(wish=PrivacyRequest.Kind.COMPLAINT), now)


@evidence_for("complaints")
def complaints_by_email_are_taken_up(now: datetime) -> Evidence:
    return _taken_up(IncomingMail.objects.filter(wish=PrivacyRequest.Kind.COMPLAINT), now)


def _taken_up(mails: QuerySet[IncomingMail], now: datetime) -> Evidence:
    """Broken if staff let a mail that asks for this wait longer than the law allows for an acknowledgment, which counts
    from its receipt. Once they have opened its privacy request, that has the deadlines."""
    spam = Q(state=IncomingMail.State.IGNORED) | Q(inquiry__state=Inquiry.State.SPAM)
    waiting = mails.filter(wish__gt="", wish_settled_at=None).exclude(spam)
    received = list(waiting.values_list("received_at", flat=True))
    overdue = sum(deadlines_of(moment).acknowledge_by < now for moment in received)
    figures: Figures = {"asked for by email, not yet taken up": at_least(len(received)), "of these, overdue": overdue}
    return Evidence(kept=not overdue, figures=figures)


@evidence_for("phone-purpose")
def numbers_bring_only_their_call(now: datetime) -> Evidence:
    return _bring_only(Channel.PHONE, Correspondence.Way.CALL_OUT, "calls", now)


@evidence_for("postal-purpose")
def addresses_bring_only_their_letter(now: datetime) -> Evidence:
    return _bring_only(Channel.LETTER, Correspondence.Way.LETTER_OUT, "letters", now)


def _bring_only(channel: Channel, way: str, what: str, now: datetime) -> Evidence:
    """Broken if one was logged outside its purpose, or if the staff list contains one that isn't permitted."""
    made = Correspondence.objects.filter(way=way)
    outside = made.exclude(_for_its_purpose()).count()
    rows = [row.contact for row in contact_list(channel, now=now)]
    forbidden = sum(_outside(rows)) + _unwanted(channel, rows)
    return Evidence(
        kept=not outside and not forbidden,
        figures={
            f"{what} logged": at_least(made.count()),
            "of them for another purpose": at_least(outside),
            f"{what} on the staff list": at_least(len(rows)),
            "of them not permitted": at_least(forbidden),
        },
    )


def _for_its_purpose() -> Q:
    found = Q(pk__in=[])
    for kind, purpose in Inquiry.PURPOSES.items():
        found |= Q(inquiry__kind=kind, purpose=purpose)
    return found


def _outside(rows: list[Contact]) -> Iterator[bool]:
    return (row.about is None or row.purpose not in purposes_of(row.about) for row in rows)


def _unwanted(channel: Channel, rows: list[Contact]) -> int:
    """Checked independently of the list."""
    wishes = list(Suppression.objects.of(*(row.person for row in rows)).filter(channel=channel))
    return sum(any(wish.closes(row.person, channel, row.purpose, row.given_at) for wish in wishes) for row in rows)

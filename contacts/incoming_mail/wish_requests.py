"""Mails that ask for what privacy law grants, until a colleague has opened the request or found that it is none."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from contacts.models import IncomingMail, Inquiry
from contacts.models.live_threads import is_kept
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.mail.link_mail_limits import LINK_LIFE
from privacy.models import PrivacyRequest
from privacy.requests import open_mailed_request
from privacy.requests.forms import DETAILS_LIMIT

if TYPE_CHECKING:
    from accounts.models import User

Kind = PrivacyRequest.Kind
TOLD = (Kind.COMPLAINT, Kind.CORRECTION)  # staff answer these from what the person wrote
UNTOLD = [kind for kind in Kind if kind not in TOLD]  # each says all by its kind


def waiting_wishes(now: datetime) -> QuerySet[IncomingMail]:
    """Mails whose wish nobody has settled yet, the oldest first, without those that turned out to be spam.
    A conversation that is spam says nothing about what somebody else wrote in it."""
    wished = IncomingMail.objects.filter(wish__gt="")  # unlike `exclude`, a range of the index: few mails have a wish
    waiting = wished.filter(is_kept("keep_until", now), wish_settled_at=None)
    spam = Q(inquiry__state=Inquiry.State.SPAM, is_from_other=False) | Q(inquiry=None, state=IncomingMail.State.IGNORED)
    return waiting.exclude(spam).defer("raw").order_by("received_at", "pk")


def asks_and_waits(mail: IncomingMail) -> bool:
    """In-memory equivalent for a mail that is in no conversation."""
    return bool(mail.wish) and mail.wish_settled_at is None and mail.state in IncomingMail.TO_REVIEW


def wishes_in(inquiry: Inquiry, *, now: datetime) -> QuerySet[IncomingMail]:
    """The waiting wishes in its conversation, to which merged messages belong."""
    return waiting_wishes(now).filter(Q(inquiry=inquiry) | Q(inquiry__merged_into=inquiry)).select_related("inquiry")


@transaction.atomic
def open_wished_request(*, mail: IncomingMail, actor: User) -> PrivacyRequest:
    """Opens the privacy request that the mail asks for, with deadlines that count from the mail's receipt; its sender
    gets the link that proves the address. While a request is open, the same wish of the same address leads to it, and
    so does a second complaint in one conversation. Raises `ActionRefused`, for instance for the second of two
    colleagues."""
    mail = _unsettled(mail)
    if not mail.sender:
        raise ActionRefused("This email has no readable sender. Record the request under “Requests of people”.")
    inquiry = mail.inquiry if mail.inquiry and _is_senders(mail.inquiry, mail) else None
    request = inquiry.privacy_request if inquiry and mail.wish == Kind.COMPLAINT else _same_request(mail)
    if request is None or not request.is_open:
        request = open_mailed_request(
            email=mail.sender,
            kind=mail.wish,
            details=_words_of(mail)[:DETAILS_LIMIT] if mail.wish in TOLD else "",
            received_at=mail.received_at,
            actor=actor,
        )
        if inquiry and mail.wish == Kind.COMPLAINT:
            _make_complaint(inquiry, request, starts=mail.starts_inquiry)
    mail.privacy_request, mail.wish_settled_at = request, timezone.now()
    mail.save(update_fields=["privacy_request", "wish_settled_at"])
    record(action="contacts.wish.opened", about=mail, actor=actor)
    return request


@transaction.atomic
def dismiss_wish(*, mail: IncomingMail, actor: User) -> None:
    """The mail asks for no such thing: it is a message like any other. Raises `ActionRefused`."""
    mail = _unsettled(mail)
    mail.wish_settled_at = timezone.now()
    mail.save(update_fields=["wish_settled_at"])
    record(action="contacts.wish.dismissed", about=mail, actor=actor)


def _unsettled(mail: IncomingMail) -> IncomingMail:
    """The mail, locked."""
    found = waiting_wishes(timezone.now()).select_for_update(of=("self",)).filter(pk=mail.pk).first()
    if found is None:
        raise ActionRefused("This was settled already, or the email is marked as spam.")
    return found


def _is_senders(inquiry: Inquiry, mail: IncomingMail) -> bool:
    """Somebody else may write into a conversation, but is never answered through it."""
    return bool(Inquiry.objects.of_person(mail.sender).filter(pk=inquiry.pk).exists())


def _same_request(mail: IncomingMail) -> PrivacyRequest | None:
    """The open request that asks for the same. Not one that came after the mail, whose deadline is earlier, nor one
    whose link has expired: its sender needs another."""
    same = PrivacyRequest.objects.open().of_address(str(mail.sender)).filter(kind=mail.wish, kind__in=UNTOLD)
    can_be_confirmed = Q(link_mailed_at=None) | Q(link_mailed_at__gt=timezone.now() - LINK_LIFE) | ~Q(identity="")
    return same.filter(can_be_confirmed, received_at__lte=mail.received_at).order_by("received_at").first()


def _words_of(mail: IncomingMail) -> str:
    text = mail.inquiry.message if mail.starts_inquiry and mail.inquiry else mail.text
    return text or mail.subject or ""


def _make_complaint(inquiry: Inquiry, request: PrivacyRequest, *, starts: bool) -> None:
    """As with a complaint by form, the answer in the inbox is the answer to the request. A conversation that was about
    something else keeps its subject."""
    kind = {"kind": Inquiry.Kind.COMPLAINT} if starts else {}
    Inquiry.objects.filter(pk=inquiry.pk).update(privacy_request=request, **kind)

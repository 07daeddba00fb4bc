"""The mails about an order, and sending one of them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.db import models, transaction

from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.mail.sending import queue_mail
from privacy.models import OutgoingMail
from privacy.registry.mail_kinds import kind_named
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Audience, Purpose
from shop import mails
from shop.delivery.order_links import order_line
from shop.models import Order, Refund, RefundRequest
from shop.payments.refund_booking import refund_mail_context

if TYPE_CHECKING:
    from accounts.models import User

PLAIN = {mails.RECEIPT, mails.PAYMENT_DECLINED, mails.LICENSE_REISSUED, mails.LICENSE_RESTORED}
ON_REQUEST = {mails.REFUND_REQUESTED, mails.REFUND_DECLINED}
REPEATABLE = {kind.template for kind in (*PLAIN, *ON_REQUEST, mails.ORDER_LINKS, mails.REFUND_MADE)}
IN_PROGRESS = (OutgoingMail.State.QUEUED, OutgoingMail.State.SENDING)


class SendAgainForm(forms.Form):
    mail = forms.UUIDField(widget=forms.HiddenInput)


@dataclass(frozen=True)
class MailLine:
    """One mail, as the order page lists it. Its text was not kept, since it held the order's private link."""

    mail: OutgoingMail
    may_be_repeated: bool

    @property
    def title(self) -> str:
        return mail_title(self.mail)


def mail_title(mail: OutgoingMail) -> str:
    """`Refund made`, for the kind `shop/refund_made`."""
    return mail.kind.rpartition("/")[2].replace("_", " ").capitalize()


@reads("privacy_outgoingmail", purpose=Purpose.LEGAL_OBLIGATION, audience=Audience.STAFF)
def mails_about(order: Order, request: RefundRequest | None) -> list[MailLine]:
    """To the buyer, newest first: mail is kept for 30 days."""
    found = _mails_about(order, request).only("kind", "state", "refusal", "queued_at", "sent_at")
    usable = not order.is_erased
    return [
        MailLine(mail, usable and mail.kind in REPEATABLE and mail.state not in IN_PROGRESS)
        for mail in found.order_by("-queued_at")[:50]
    ]


def _mails_about(order: Order, request: RefundRequest | None) -> models.QuerySet[OutgoingMail]:
    rows = [order.pk, *([request.pk] if request else [])]
    to_staff = [mails.REFUND_TO_DECIDE.template]
    return OutgoingMail.objects.filter(about_id__in=rows).exclude(kind__in=to_staff)


@reads("privacy_outgoingmail", purpose=Purpose.LEGAL_OBLIGATION, audience=Audience.STAFF)
@transaction.atomic
def send_mail_again(*, order: Order, mail: UUID, actor: User) -> str:
    """Writes the mail anew, from what is true today, to the order's address. Returns its title.

    Raises `ActionRefused`, also if the mail no longer applies (`MailRefused`).
    """
    request = RefundRequest.objects.filter(order=order).first()
    earlier = _mails_about(order, request).filter(pk=mail, kind__in=REPEATABLE).first()
    if earlier is None:
        raise ActionRefused("This mail is no longer stored. Send the receipt again instead.")
    if earlier.state in IN_PROGRESS:
        raise ActionRefused("This mail is on its way.")
    kind = kind_named(earlier.kind)
    if not order.email:
        raise ActionRefused("The buyer's address was deleted.")
    about = request if kind in ON_REQUEST and request else order
    queue_mail(kind, to=order.email, about=about, context=_context(order, earlier))
    action = "shop.receipt.sent_again" if kind is mails.RECEIPT else "shop.mail.sent_again"
    record(action=action, about=order, actor=actor)
    return mail_title(earlier)


def _context(order: Order, mail: OutgoingMail) -> dict[str, Any]:
    if mail.kind == mails.ORDER_LINKS.template:
        return {"orders": [order_line(order)]}
    if mail.kind != mails.REFUND_MADE.template:
        return {}
    refunds = Refund.objects.filter(payment__order=order, completed_at__lte=mail.queued_at)
    refund = refunds.order_by("-completed_at").first()
    if refund is None:
        raise ActionRefused("The refund that this mail was about is not stored.")
    return refund_mail_context(refund)

"""Which inquiry a mail belongs to.

Only a signature that our own mail carried (`privacy.mail.threads`) leads to the thread of another address than the
sender's. Whatever a mail merely claims (a subject with a number, the Message-ID of an earlier mail) finds threads of
the same sender alone: whoever forges that address could as well begin a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import models

from contacts.models import REFERENCE, IncomingMail, Inquiry
from privacy.consent.contact_permission import purposes_of
from privacy.mail.threads import Reason
from privacy.registry.declarations import is_about
from privacy.registry.purpose_binding import upkeep
from privacy.registry.purposes import Purpose


@dataclass(frozen=True)
class Subject:
    """The row that the answered mail was about. `order_number` is that of the order that it is or belongs to, if that
    order is the sender's own."""

    row: models.Model
    is_senders: bool  # the row is about the sender
    order_number: str


@upkeep
def subject_of(reason: Reason | None, *, sender: str) -> Subject | None:
    """None if the mail answers none of ours, or if what that was about has been deleted."""
    if reason is None:
        return None
    row: Any = apps.get_model(reason.model_label)._base_manager.filter(pk=reason.pk).first()
    if row is None:
        return None
    order = getattr(row, "order", row)
    is_own_order = purposes_of(order) == [Purpose.ORDER] and is_about(order, sender)
    number = str(getattr(order, "reference", "")) if is_own_order else ""
    return Subject(row, bool(number) or is_about(row, sender), number)


def thread_of(
    mail: IncomingMail, *, subject: Subject | None, answers_to: Sequence[str], now: datetime
) -> Inquiry | None:
    """The unexpired inquiry to which this mail belongs; None if there is none. One that staff merged into another
    leads there."""
    if subject is not None:
        row = subject.row
        found = row if isinstance(row, Inquiry) else getattr(row, "inquiry", None)
        if isinstance(found, Inquiry) and (thread := followed(found, now)):
            return thread
    own = Inquiry.objects.of_person(mail.sender).exclude(state=Inquiry.State.SPAM).order_by("-received_at")
    if subject is not None:
        same = {"incoming_mails__about_model": subject.row._meta.label, "incoming_mails__about_id": subject.row.pk}
        return followed(own.filter(**same).first(), now)
    earlier = own.filter(incoming_mails__message_id_index__in=[*answers_to]).first() if answers_to else None
    numbers = REFERENCE.findall(mail.subject or "")
    return followed(earlier or own.filter(reference__in=numbers).first(), now)


def followed(inquiry: Inquiry | None, now: datetime) -> Inquiry | None:
    """The unexpired inquiry that this one was merged into, or itself; None if there is none."""
    while inquiry is not None and inquiry.merged_into is not None:
        inquiry = inquiry.merged_into
    is_kept = inquiry is not None and (inquiry.keep_until is None or inquiry.keep_until > now)
    return inquiry if is_kept else None

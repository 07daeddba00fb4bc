"""Agreements: entered, changed and ended by staff. As long as one is in force, and while its records are kept, all
messages of the client are kept with it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from clients.models import Agreement
from contacts.inquiries.retention import keep_messages
from contacts.models import Inquiry
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.registry.deadlines import local_day
from privacy.registry.purpose_binding import upkeep

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def save_agreement(*, agreement: Agreement, actor: User) -> Agreement:
    """Stores a new or changed agreement, and how long its client's messages are kept."""
    is_new = agreement._state.adding
    if is_new:
        agreement.entered_by = actor
    former = None if is_new else Agreement.objects.select_for_update().get(pk=agreement.pk).email
    agreement.save()
    for email in {former, agreement.email} - {None, ""}:
        keep_messages_of_client(str(email))
    record(action=f"clients.agreement.{'entered' if is_new else 'changed'}", about=agreement, actor=actor)
    return agreement


@transaction.atomic
def end_agreement(*, agreement: Agreement, ends_on: date, actor: User) -> None:
    """Ends it on this day, the last one. Raises `ActionRefused`."""
    stored = Agreement.objects.select_for_update().get(pk=agreement.pk)
    today = local_day(timezone.now())
    if stored.ends_on is not None and stored.ends_on < today:
        raise ActionRefused("This agreement has ended already.")
    if ends_on < stored.starts_on:
        raise ActionRefused("It can't end before it begins.")
    stored.ends_on, stored.ended_at = ends_on, timezone.now()
    stored.save()
    if stored.email:
        keep_messages_of_client(stored.email)
    record(action="clients.agreement.ended", about=stored, actor=actor)


@transaction.atomic
def delete_agreement(*, agreement: Agreement, actor: User) -> None:
    """One that was entered by mistake. Its client's messages are kept as long as anybody's."""
    record(action="clients.agreement.deleted", about=agreement, actor=actor)
    email = agreement.email
    agreement.delete()
    if email:
        keep_messages_of_client(email)


def keep_messages_of_client(email: str) -> None:
    """Requires a transaction."""
    ends = list(Agreement.objects.of_person(email).values_list("ends_on", flat=True))
    keep_messages(email=email, until=lambda anyway: _latest(anyway, ends))


def _latest(anyway: datetime, ends: list[date | None]) -> datetime | None:
    """None if one of the agreements has no end."""
    records = [Agreement.records_end(day) for day in ends if day is not None]
    return None if len(records) < len(ends) else max([anyway, *records])


@receiver(post_save, sender=Inquiry, dispatch_uid="clients.agreements")
@upkeep
def keep_message_of_client(instance: Inquiry, created: bool, **_: Any) -> None:
    """A client who writes again, in any way."""
    if created and instance.email and Agreement.objects.of_person(instance.email).exists():
        with transaction.atomic():
            keep_messages_of_client(instance.email)
        instance.refresh_from_db(fields=["keep_until"])

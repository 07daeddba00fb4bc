"""Who takes care of a message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q, QuerySet

from contacts.mails import INQUIRY_ASSIGNED
from contacts.models import Inquiry
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record_many
from privacy.mail.sending import notify

if TYPE_CHECKING:
    from accounts.models import User

PERMISSION = {"content_type__app_label": "contacts", "codename": "change_inquiry"}


def colleagues() -> QuerySet[Any]:
    """Active staff who may answer messages: the only ones to whom a message can be assigned."""
    granted = Q(is_superuser=True)
    for way in ("groups__permissions", "user_permissions"):
        granted |= Q(**{f"{way}__{name}": value for name, value in PERMISSION.items()})
    staff = get_user_model()._default_manager.filter(is_active=True, is_staff=True)
    return cast("QuerySet[Any]", staff.filter(granted).distinct().order_by("pk"))


@transaction.atomic
def assign_inquiry(*, inquiry: Inquiry, to: User | None, actor: User) -> None:
    """Assigns the message and mails the colleague, or unassigns it if `to` is None. Raises `ActionRefused`."""
    assign_inquiries(inquiries=[inquiry], to=to, actor=actor)


@transaction.atomic
def assign_inquiries(*, inquiries: Iterable[Inquiry], to: User | None, actor: User) -> int:
    """Assigns several messages, about which the colleague gets one mail. Returns how many had been somebody else's.
    Raises `ActionRefused`."""
    if to is not None and not colleagues().filter(pk=to.pk).exists():
        raise ActionRefused("This colleague can't answer messages: the account is inactive or lacks the role Mail.")
    changed = [each for each in inquiries if each.assigned_to_id != (to.pk if to else None)]
    Inquiry.objects.filter(pk__in=[each.pk for each in changed]).update(assigned_to=to)
    for each in changed:
        each.assigned_to = to
    if changed and to is not None and to.pk != actor.pk:
        notify(INQUIRY_ASSIGNED, to=to.email, about=changed[0], context={"others": len(changed) - 1})
    record_many(action="contacts.inquiry.assigned", about=changed, actor=actor)
    return len(changed)

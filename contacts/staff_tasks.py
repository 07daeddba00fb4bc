"""Staff tasks: unanswered messages, and mail that could not be filed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q

from privacy.admin_base.staff_dashboard import Area, StaffTaskCount, only_row, staff_task
from privacy.models import PrivacyRequest

from .models import IncomingMail, Inquiry


@staff_task(
    area=Area.CONTACTS,
    one="message to answer",
    many="messages to answer",
    permission="contacts.view_inquiry",
    page="admin:contacts_inquiry_changelist",
    per_user=True,
)
def messages(now: datetime, user: Any) -> StaffTaskCount:
    """Without snoozed messages, unless they are overdue. A complaint is a privacy request, too: whoever sees those
    finds it there alone."""
    to_do = Inquiry.objects.to_do(now)
    if user.has_perm("privacy.view_privacyrequest"):
        to_do = to_do.exclude(kind=Inquiry.Kind.COMPLAINT, privacy_request__in=PrivacyRequest.objects.open())
    found = to_do.aggregate(
        count=Count("pk"),
        overdue=Count("pk", filter=Q(due_at__lt=now)),
        oldest=Min("received_at"),
        mine=Count("pk", filter=Q(assigned_to=user.pk)),
    )
    return StaffTaskCount(**found, row=only_row(to_do))


@staff_task(
    area=Area.CONTACTS,
    one="email to review",
    many="emails to review",
    permission="contacts.view_incomingmail",
    page="admin:contacts_incomingmail_changelist",
)
def emails(now: datetime) -> StaffTaskCount:
    """Held, or unreadable: nobody answers them before staff have looked."""
    to_review = IncomingMail.objects.filter(state__in=IncomingMail.TO_REVIEW)
    found = to_review.aggregate(count=Count("pk"), oldest=Min("received_at"))
    return StaffTaskCount(**found, row=only_row(to_review))

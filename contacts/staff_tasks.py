"""Staff tasks: unanswered messages, and mail that could not be filed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q, QuerySet

from privacy.admin_base.staff_dashboard import Area, StaffTaskCount, only_row, staff_task
from privacy.models import PrivacyRequest
from privacy.registry.deadlines import deadlines_of, local_day

from .incoming_mail.wish_requests import waiting_wishes
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
    """Without snoozed messages, unless they are overdue, and those that wait among the wishes. A complaint is a privacy
    request, too: whoever sees those finds it there alone."""
    to_do = Inquiry.objects.to_do(now).exclude(pk__in=_wished(now).order_by().values("inquiry"))
    if user.has_perm("privacy.view_privacyrequest"):
        to_do = to_do.exclude(privacy_request__in=PrivacyRequest.objects.open())
    found = to_do.aggregate(
        count=Count("pk"),
        overdue=Count("pk", filter=Q(due_at__lt=now)),
        oldest=Min("received_at"),
        mine=Count("pk", filter=Q(assigned_to=user.pk)),
    )
    return StaffTaskCount(**found, row=only_row(to_do))


@staff_task(
    area=Area.PRIVACY,
    one="email that asks for a privacy right",
    many="emails that ask for a privacy right",
    permission="contacts.view_inquiry",
    page="admin:contacts_inquiry_changelist",
    query="queue=wishes",
)
def wishes(now: datetime) -> StaffTaskCount:
    """The law's time runs from the emails' receipt, although nobody has opened the requests yet."""
    received = list(_wished(now).values_list("received_at", "inquiry"))
    if not received:
        return StaffTaskCount(0)
    oldest, inquiries = received[0][0], {inquiry for _, inquiry in received}
    return StaffTaskCount(
        len(received),
        overdue=sum(deadlines_of(at).acknowledge_by < now for at, _ in received),
        oldest=oldest,
        note=f"acknowledge by {local_day(deadlines_of(oldest).acknowledge_by):%B %-d}",
        row=inquiries.pop() if len(inquiries) == 1 else None,
    )


def _wished(now: datetime) -> QuerySet[IncomingMail]:
    return waiting_wishes(now).exclude(inquiry=None)


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
    asking = list(waiting_wishes(now).filter(inquiry=None).values_list("received_at", flat=True))
    late = sum(deadlines_of(at).acknowledge_by < now for at in asking)
    return StaffTaskCount(**found, overdue=late, note=_asking(asking), row=only_row(to_review))


def _asking(received: list[datetime]) -> str:
    """How many of the emails ask for a privacy right, and until when the law wants the first to be acknowledged."""
    if not received:
        return ""
    asks = "1 asks" if len(received) == 1 else f"{len(received)} ask"
    return f"{asks} for a privacy right, acknowledge by {local_day(deadlines_of(received[0]).acknowledge_by):%B %-d}"

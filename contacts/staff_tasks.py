"""Staff tasks: unanswered messages."""

from __future__ import annotations

from datetime import datetime

from privacy.admin_base.staff_dashboard import Area, StaffTaskCount, staff_task

from .models import Inquiry


@staff_task(
    area=Area.CONTACTS,
    one="message to answer",
    many="messages to answer",
    permission="contacts.view_inquiry",
    page="admin:contacts_inquiry_changelist",
)
def messages(now: datetime) -> StaffTaskCount:
    return StaffTaskCount(Inquiry.objects.waiting().count(), Inquiry.objects.overdue(now).count())

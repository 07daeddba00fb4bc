"""Staff tasks: quotes whose last day is near, and drafts that nobody has sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Min

from privacy.admin_base.staff_dashboard import Area, StaffTaskCount, only_row, staff_task
from privacy.registry.deadlines import local_day

from .models import Quote

SOON = timedelta(days=3)


@staff_task(
    area=Area.CONTACTS,
    one="quote that expires within three days",
    many="quotes that expire within three days",
    permission="clients.view_quote",
    page="admin:clients_quote_changelist",
    query="waits=client",
)
def expiring_quotes(now: datetime) -> StaffTaskCount:
    rows = Quote.objects.open(now).filter(valid_until__lte=local_day(now + SOON))
    return StaffTaskCount(**rows.aggregate(count=Count("pk"), oldest=Min("sent_at")), row=only_row(rows))


@staff_task(
    area=Area.CONTACTS,
    one="quote to finish and send",
    many="quotes to finish and send",
    permission="clients.change_quote",
    page="admin:clients_quote_changelist",
    query="waits=us",
)
def drafts(now: datetime) -> StaffTaskCount:
    rows = Quote.objects.filter(state=Quote.State.DRAFT)
    return StaffTaskCount(**rows.aggregate(count=Count("pk"), oldest=Min("created_at")), row=only_row(rows))

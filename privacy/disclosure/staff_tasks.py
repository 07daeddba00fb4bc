"""Staff tasks: orders that have to be approved or refused."""

from __future__ import annotations

from datetime import datetime

from privacy.admin_base.staff_dashboard import Area, StaffTaskCount, staff_task

from .models import Disclosure


@staff_task(
    area=Area.PRIVACY,
    one="court order to approve or refuse",
    many="court orders to approve or refuse",
    permission="disclosure.view_disclosure",
    page="admin:disclosure_disclosure_changelist",
)
def orders(now: datetime) -> StaffTaskCount:
    return StaffTaskCount(Disclosure.objects.filter(state=Disclosure.State.RECORDED).count())

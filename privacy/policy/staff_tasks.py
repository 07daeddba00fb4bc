"""Staff tasks: people to notify of a policy change by phone or letter."""

from __future__ import annotations

from datetime import datetime

from privacy.admin_base.staff_dashboard import Area, StaffTaskCount, staff_task

from .models import PolicyNotice


@staff_task(
    area=Area.PRIVACY,
    one="person to notify of the new policy by phone or letter",
    many="people to notify of the new policy by phone or letter",
    permission="policy.view_policynotice",
    page="admin:policy_policynotice_changelist",
    query="state__exact=unreachable",
)
def notices(now: datetime) -> StaffTaskCount:
    return StaffTaskCount(PolicyNotice.objects.for_staff().count())

"""Pending staff tasks: applications, objections, commissions, flags, payout runs, and failed reconciliations."""

from __future__ import annotations

from datetime import datetime, timedelta

from privacy.admin_base.staff_dashboard import Area, StaffTaskCount, staff_task

from .models import Application, Commission, Flag, LedgerCheck, Objection, PayoutRun
from .payouts.reconciliation import last_check

Run = PayoutRun.State


@staff_task(
    area=Area.AFFILIATES,
    one="alert: the last reconciliation found a difference",
    many="alerts: the last reconciliation found a difference",
    permission="affiliates.view_ledgercheck",
    page="admin:affiliates_ledgercheck_changelist",
)
def books(now: datetime) -> StaffTaskCount:
    check = last_check()
    alarms = int(check is not None and not check.agrees)
    return StaffTaskCount(alarms, overdue=alarms)


@staff_task(
    area=Area.AFFILIATES,
    one="reconciliation with PayPal has failed for three days",
    many="reconciliations with PayPal have failed for three days",
    permission="affiliates.view_ledgercheck",
    page="admin:affiliates_ledgercheck_changelist",
)
def uncompared_payouts(now: datetime) -> StaffTaskCount:
    """An unreachable PayPal is not a difference; after three days it needs attention."""
    lately = LedgerCheck.objects.filter(checked_at__gt=now - timedelta(days=3))
    earlier = LedgerCheck.objects.filter(checked_at__lte=now - timedelta(days=3))
    return StaffTaskCount(int(earlier.exists() and lately.exists() and not lately.filter(paypal=True).exists()))


@staff_task(
    area=Area.AFFILIATES,
    one="application to decide",
    many="applications to decide",
    permission="affiliates.view_application",
    page="admin:affiliates_application_changelist",
    query="state__in=held,open",
)
def applications(now: datetime) -> StaffTaskCount:
    return StaffTaskCount(Application.objects.to_decide().count())


@staff_task(
    area=Area.AFFILIATES,
    one="objection to answer",
    many="objections to answer",
    permission="affiliates.view_objection",
    page="admin:affiliates_objection_changelist",
    query="clock=open",
)
def objections(now: datetime) -> StaffTaskCount:
    objections = Objection.objects.open()
    return StaffTaskCount(objections.count(), objections.filter(due_at__lt=now).count())


@staff_task(
    area=Area.AFFILIATES,
    one="flag to decide",
    many="flags to decide",
    permission="affiliates.view_flag",
    page="admin:affiliates_flag_changelist",
    query="state__exact=open",
)
def flags(now: datetime) -> StaffTaskCount:
    return StaffTaskCount(Flag.objects.open().count())


@staff_task(
    area=Area.AFFILIATES,
    one="commission waits for approval",
    many="commissions wait for approval",
    permission="affiliates.view_commission",
    page="admin:affiliates_commission_changelist",
    query="question=waiting",
)
def commissions(now: datetime) -> StaffTaskCount:
    """The hold period approves them too, unless a flag holds them, so none is overdue."""
    return StaffTaskCount(Commission.objects.filter(state=Commission.State.PENDING).count())


@staff_task(
    area=Area.AFFILIATES,
    one="payout run to approve",
    many="payout runs to approve",
    permission="affiliates.view_payoutrun",
    page="admin:affiliates_payoutrun_changelist",
    query="state__exact=prepared",
)
def runs_to_approve(now: datetime) -> StaffTaskCount:
    return StaffTaskCount(PayoutRun.objects.filter(state=Run.PREPARED).count())


@staff_task(
    area=Area.AFFILIATES,
    one="payout run in progress",
    many="payout runs in progress",
    permission="affiliates.view_payoutrun",
    page="admin:affiliates_payoutrun_changelist",
    query="state__in=approved,sent",
)
def runs_under_way(now: datetime) -> StaffTaskCount:
    """Runs with a problem that a person has to look at count as overdue."""
    runs = PayoutRun.objects.filter(state__in=PayoutRun.OPEN)
    return StaffTaskCount(runs.count(), runs.exclude(problem="").count())

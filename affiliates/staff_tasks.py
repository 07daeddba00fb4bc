"""Pending staff tasks: applications, objections, commissions, flags, payout runs, and failed reconciliations."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, Sum

from privacy.admin_base.staff_dashboard import Area, StaffTaskCount, only_row, staff_task
from shop.money import Money, program_currency

from .models import (
    Adjustment,
    Affiliate,
    Application,
    Commission,
    Flag,
    LedgerCheck,
    MovedAffiliate,
    Objection,
    PayoutRun,
)
from .payouts.preview import payable_now
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
    one="affiliate to tell by phone or letter that the program moved here",
    many="affiliates to tell by phone or letter that the program moved here",
    permission="affiliates.view_affiliate",
    page="admin:affiliates_affiliate_changelist",
    query="state__exact=moved",
)
def untold_affiliates(now: datetime) -> StaffTaskCount:
    """Affiliates who moved in and whom the mail about it did not reach."""
    unreachable = MovedAffiliate.Notice.UNREACHABLE
    waiting = Affiliate.objects.filter(state=Affiliate.State.MOVED, moved_from__notice=unreachable)
    return StaffTaskCount(waiting.count(), row=only_row(waiting))


@staff_task(
    area=Area.AFFILIATES,
    one="application to decide",
    many="applications to decide",
    permission="affiliates.view_application",
    page="admin:affiliates_application_changelist",
    query="state__in=held,open",
)
def applications(now: datetime) -> StaffTaskCount:
    found = Application.objects.to_decide().aggregate(count=Count("pk"), oldest=Min("applied_at"))
    return StaffTaskCount(**found, row=only_row(Application.objects.to_decide()))


@staff_task(
    area=Area.AFFILIATES,
    one="objection to answer",
    many="objections to answer",
    permission="affiliates.view_objection",
    page="admin:affiliates_objection_changelist",
    query="clock=open",
)
def objections(now: datetime) -> StaffTaskCount:
    found = Objection.objects.open().aggregate(
        count=Count("pk"), overdue=Count("pk", filter=Q(due_at__lt=now)), oldest=Min("opened_at")
    )
    return StaffTaskCount(**found, row=only_row(Objection.objects.open()))


@staff_task(
    area=Area.AFFILIATES,
    one="flag to decide",
    many="flags to decide",
    permission="affiliates.view_flag",
    page="admin:affiliates_flag_changelist",
    query="state__exact=open",
)
def flags(now: datetime) -> StaffTaskCount:
    found = Flag.objects.open().aggregate(count=Count("pk"), oldest=Min("raised_at"))
    return StaffTaskCount(**found)


@staff_task(
    area=Area.AFFILIATES,
    one="commission to decide",
    many="commissions to decide",
    permission="affiliates.view_commission",
    page="admin:affiliates_commission_changelist",
    query="question=to_decide",
)
def commissions(now: datetime) -> StaffTaskCount:
    """Only what a person can speed up or has to decide: the others wait for the end of the buyers' refund days, which
    approves them."""
    found = (
        Commission.objects.to_decide(now).order_by().values_list("currency").annotate(Count("pk"), Sum("amount_minor"))
    )
    sums = [Money(minor, currency) for currency, _, minor in found]
    return StaffTaskCount(sum(count for _, count, _ in found), note=" and ".join(str(each) for each in sums))


@staff_task(
    area=Area.AFFILIATES,
    one="adjustment to book",
    many="adjustments to book",
    permission="affiliates.add_ledgerentry",
    page="admin:affiliates_adjustment_changelist",
    query="state__exact=prepared",
)
def adjustments(now: datetime) -> StaffTaskCount:
    waiting = Adjustment.objects.waiting()
    found = waiting.aggregate(count=Count("pk"), oldest=Min("created_at"))
    return StaffTaskCount(**found, row=only_row(waiting))


@staff_task(
    area=Area.AFFILIATES,
    one="payout run to prepare",
    many="payout runs to prepare",
    permission="affiliates.prepare_payout",
    page="admin:affiliates_payoutrun_preview",
)
def due_payouts(now: datetime) -> StaffTaskCount:
    """Only what a run would pay now. What waits for a PayPal address, say, is no task of the run: the preview names
    it."""
    paid = payable_now(currency=program_currency())
    people = f"{len(paid)} affiliate{'' if len(paid) == 1 else 's'}"
    total = Money(sum(candidate.due_minor for candidate in paid), program_currency())
    return StaffTaskCount(int(bool(paid)), note=f"{total} due to {people}")


@staff_task(
    area=Area.AFFILIATES,
    one="payout run to approve",
    many="payout runs to approve",
    permission="affiliates.view_payoutrun",
    page="admin:affiliates_payoutrun_changelist",
    query="state__exact=prepared",
)
def runs_to_approve(now: datetime) -> StaffTaskCount:
    runs = PayoutRun.objects.filter(state=Run.PREPARED)
    return StaffTaskCount(runs.count(), row=only_row(runs))


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
    found = runs.aggregate(count=Count("pk"), overdue=Count("pk", filter=~Q(problem="")))
    return StaffTaskCount(**found, row=only_row(runs))

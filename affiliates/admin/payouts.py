"""The admin of payout runs: preview, prepare, approve, follow, and settle manually."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet, Sum, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from affiliates.currencies import currencies_due
from affiliates.models import Affiliate, PayoutItem, PayoutRun
from affiliates.payouts.eligibility import Ineligibility, IneligiblePayout, ineligible_payouts
from affiliates.payouts.manual import make_payout_list, mark_failed_manually, mark_paid_manually
from affiliates.payouts.preview import preview_payout
from affiliates.payouts.runs import PERMISSION, approve_payout, cancel_payout, prepare_payout
from affiliates.payouts.sending import cancel_unclaimed
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.four_eyes import colleagues_who_may
from privacy.admin_base.optimistic_locking.guard import calls_paypal
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.reauthentication import confirmed_recently
from privacy.admin_base.refusals import ActionRefused
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from privacy.audit.trail import record
from privacy.registry.deadlines import local_day
from privacy.web.csv_export import csv_response
from shop.money import Money
from shop.paypal.errors import PayPalError

from .ledger_alarm import LedgerAlarm
from .payout_forms import PrepareForm, SettleForm

if TYPE_CHECKING:
    from accounts.models import User

PREPARE = "affiliates.prepare_payout"
NAMED = 10  # affiliates per message
ROWS = 100  # affiliates per page of the preview


def needs(permission: str) -> Callable[[Any], Any]:
    """Requires this permission. A refusal is shown as a message on the list of runs."""

    def decorate(view: Any) -> Any:
        @wraps(view)
        def guarded(model_admin: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            try:
                return cast(HttpResponseBase, view(model_admin, request, *args, **kwargs))
            except ActionRefused as refusal:
                model_admin.message_user(request, str(refusal), messages.ERROR)
                return redirect("admin:affiliates_payoutrun_changelist")

        return guarded

    return decorate


def _is_prepared(run: PayoutRun) -> bool:
    return run.state == PayoutRun.State.PREPARED


@dataclass(frozen=True)
class Approval:
    """Who may approve a prepared run: the reader (`may`), or these colleagues, and why not the reader."""

    may: bool
    is_own: bool
    colleagues: list[User]
    why_not: str = ""


def approval_of(run: PayoutRun, actor: User) -> Approval:
    """What the four-eyes rule, which `approve_payout` applies, makes of this reader."""
    colleagues = colleagues_who_may(actor, PERMISSION)
    prepared, is_paid = run.prepared_by_id == actor.pk, run.items.filter(affiliate__user=actor.pk).exists()
    has_right = actor.has_perm(PERMISSION)
    why_not = "You prepared this run" if prepared else "This run pays your own account" if is_paid else ""
    blocked = bool(why_not and colleagues)
    return Approval(has_right and not blocked, prepared or is_paid, colleagues, why_not if has_right else "")


@admin.register(PayoutRun)
class PayoutRunAdmin(LedgerAlarm, StaffActionsAdmin, ReadOnlyAdmin):
    """One button for each step, on the run's own page."""

    list_display = ["name", "state", "method", "amount", "sent", "created_at", "approver", "finished_at", "problem"]
    list_filter = ["state", "method"]
    list_select_related = ["approved_by"]
    fields = ["state", "method", "amount", "sent", "problem", "created_at", "prepared_by", "approved_at", "approved_by"]
    fields += ["approved_alone", "sent_at", "finished_at"]
    change_list_template = "affiliates/admin/payout_runs.html"
    change_form_template = "affiliates/admin/payout_run.html"  # with buttons that name the amount
    row_argument = "run"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "affiliates_payoutrun_{}"
    staff_actions = (
        StaffAction(
            name="approve",
            label="Approve",
            permission=PERMISSION,
            do=approve_payout,
            when=_is_prepared,
            one_press=True,
            asks_again=True,
        ),
        StaffAction(
            name="cancel",
            label="Cancel this run",
            permission=PREPARE,
            do=cancel_payout,
            when=_is_prepared,
            one_press=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        runs: Any = super().get_queryset(request)
        return cast(QuerySet[Any], runs.with_sums())

    @admin.display(description="payout run", ordering="created_at")
    def name(self, run: PayoutRun) -> str:
        return run.staff_label

    @admin.display(description="approved by", empty_value="–")
    def approver(self, run: PayoutRun) -> str | None:
        return run.approved_by.staff_label if run.approved_by else None

    @admin.display(description="prepared")
    def amount(self, run: Any) -> Money:
        """The total was fetched with the list, instead of one query per row."""
        return Money(run.sum or 0, run.currency)

    @admin.display(description="sent or to be sent")
    def sent(self, run: Any) -> Money:
        """Without payouts that were left out or denied."""
        return Money(run.sent_sum or 0, run.currency)

    def more_watched(self, run: PayoutRun) -> list[tuple[QuerySet[Any], tuple[str, ...]]]:
        """Staff who pay manually rely on the page's list of unpaid payouts."""
        return [(run.items.all(), ("state",))] if run.is_manual else []

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        name = "affiliates_payoutrun_{}".format
        return [
            path("preview/", wrap(require_safe(self.preview)), name=name("preview")),
            path("prepare/", wrap(require_POST(self.prepare)), name=name("prepare")),
            path("<uuid:run_id>/payouts.csv", wrap(require_POST(self.download)), name=name("download")),
            path("<uuid:run_id>/settle/", wrap(self.settle), name=name("settle")),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        run, actor = context["original"], acting_user(request)
        ineligible = ineligible_now(run)
        paid = run.items.exclude(pk__in=[one.item.pk for one in ineligible])
        if run.state != PayoutRun.State.CANCELLED:
            paid = paid.exclude(state=PayoutItem.State.CANCELLED)
        payees = paid.select_related("affiliate__user", "run").order_by("pk")
        record(action="privacy.staff.read", about=run, actor=actor)
        more = {
            "payees": Paginator(payees, ROWS).get_page(request.GET.get("payees")),
            "approval": approval_of(run, actor) if _is_prepared(run) else None,
            "progress": run_progress(run),
            "left_out": left_out_payouts(run),
            "ineligible": [(one.item, one.reason.label) for one in ineligible],
            "would_be_paid": run.open_total - sum((one.item.total for one in ineligible), Money(0, run.currency)),
        }
        return super().render_change_form(request, {**context, **more}, *args, **options)

    @needs(PREPARE)
    def preview(self, request: HttpRequest) -> HttpResponse:
        return self._show_preview(request, PrepareForm({"currency": currencies_due()[0], **request.GET.dict()}))

    def _show_preview(self, request: HttpRequest, form: PrepareForm) -> HttpResponse:
        found = preview_payout(currency=form.chosen_currency)
        paid = Paginator(found.paid, ROWS).get_page(request.GET.get("paid"))
        left_out = Paginator(found.left_out, ROWS).get_page(request.GET.get("left"))
        prefetch_related_objects([each.affiliate for each in (*paid, *left_out)], "user")
        record(action="privacy.staff.listed", about=Affiliate, actor=acting_user(request))
        context = {
            **self.admin_site.each_context(request),
            "title": "Payout preview",
            "opts": self.opts,
            "form": form,
            "preview": found,
            "paid": paid,
            "left_out": left_out,
        }
        return render(request, "affiliates/admin/payout_preview.html", context)

    @needs(PREPARE)
    def prepare(self, request: HttpRequest) -> HttpResponse:
        form = PrepareForm(request.POST)
        if not form.is_valid():
            return self._show_preview(request, form)
        run = prepare_payout(actor=acting_user(request), **form.cleaned_data)
        self.log_addition(request, run, "prepared")
        self.message_user(
            request,
            "Prepared. Please check the payouts below. Nothing is sent until the run is approved.",
            messages.SUCCESS,
        )
        return redirect("admin:affiliates_payoutrun_change", run.pk)

    def after_action(
        self, request: HttpRequest, run: PayoutRun, action: StaffAction, ineligible: list[IneligiblePayout] | None
    ) -> HttpResponse:
        if action.name == "cancel":
            self.log_change(request, run, "cancelled")
            return self.back(request, run, "Canceled. The money is due again.")
        self.log_change(request, run, "approved")
        run.refresh_from_db(fields=["state"])
        if run.state == PayoutRun.State.CANCELLED:
            self.message_user(request, "Nobody in this run may be paid now, so it was canceled.", messages.WARNING)
        elif run.is_manual:
            self.message_user(request, "Approved. Download the list, pay, and record the payments here.")
        else:
            self.message_user(request, "Approved. The run is being sent to PayPal. This page shows its progress.")
        if ineligible:
            self.message_user(request, f"Left out: {describe_ineligible(ineligible)}.", messages.WARNING)
        return redirect("admin:affiliates_payoutrun_change", run.pk)

    def too_late(self, run: PayoutRun) -> str:
        return "This run is not waiting for approval."

    @confirmed_recently
    @needs(PREPARE)
    def download(self, request: HttpRequest, run_id: UUID) -> HttpResponseBase:
        by_hand = PayoutRun.objects.filter(method=PayoutRun.Method.CSV, state=PayoutRun.State.APPROVED)
        run = get_object_or_404(by_hand, pk=run_id)
        rows, ineligible = make_payout_list(run=run, actor=acting_user(request))
        if ineligible:
            self.message_user(request, f"Left out of the list: {describe_ineligible(ineligible)}.", messages.WARNING)
        return csv_response(f"payouts-{str(run.pk)[-8:]}.csv", rows, exact=True)

    @confirmed_recently
    @needs(PREPARE)
    def settle(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        """Settles every open payout of the run that may be made; the others are settled one by one."""
        run = get_object_or_404(PayoutRun, pk=run_id)
        ineligible = ineligible_now(run)
        items = run.items.in_progress().exclude(pk__in=[one.item.pk for one in ineligible])
        return settle_manually(self, request, run, items, ineligible)


@admin.register(PayoutItem)
class PayoutItemAdmin(BlindSearchMixin, ReadOnlyAdmin):
    """The payouts of a run, and the actions for a single one. Only its own page shows the receiver."""

    list_display = ["who", "total", "state", "prepared", "error", "settled_at", "why"]
    list_filter = ["state", "created_at"]
    list_select_related = ["affiliate__user", "run"]
    names_people = ("who",)
    search_fields = ["affiliate__code", "paypal_item_id"]
    fields = [
        *("who", "run", "total", "receiver", "state", "error", "failure", "reference"),
        *("created_at", "settled_at"),
    ]
    fields += ["paypal_item_id"]
    change_form_template = "affiliates/admin/payout_item.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        items: QuerySet[Any] = super().get_queryset(request)
        return items.select_related("affiliate__user", "run")

    @admin.display(description="affiliate", ordering="affiliate__code")
    def who(self, item: PayoutItem) -> str:
        return item.affiliate.staff_label

    @admin.display(description="prepared on", ordering="created_at")
    def prepared(self, item: PayoutItem) -> date:
        return local_day(item.created_at)

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        name = "affiliates_payoutitem_{}".format
        return [
            path("<uuid:item_id>/take-back/", wrap(require_POST(self.cancel_at_paypal)), name=name("cancel_at_paypal")),
            path("<uuid:item_id>/settle/", wrap(self.settle), name=name("settle")),
            *super().get_urls(),
        ]

    @admin.display(description="explanation")
    def why(self, item: PayoutItem) -> str:
        return format_html('<a href="{}">Why?</a>', reverse("affiliates:why_payout", args=[item.pk]))

    @calls_paypal
    @needs(PREPARE)
    def cancel_at_paypal(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        """Cancels an unclaimed payout at PayPal."""
        item = get_object_or_404(PayoutItem, pk=item_id, state=PayoutItem.State.UNCLAIMED)
        try:
            cancel_unclaimed(item=item)
        except PayPalError:
            self.message_user(request, "PayPal can't be reached. Please try again in a moment.", messages.ERROR)
        else:
            item.refresh_from_db(fields=["state"])
            self.log_change(request, item, "canceled")
            self.message_user(request, f"PayPal's state: {item.get_state_display()}.")
        return redirect("admin:affiliates_payoutitem_change", item.pk)

    @confirmed_recently
    @needs(PREPARE)
    def settle(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        item = get_object_or_404(PayoutItem.objects.select_related("run"), pk=item_id)
        items = PayoutItem.objects.filter(pk=item.pk).in_progress()
        return settle_manually(self, request, item, items, ineligible_payouts(items.select_related("affiliate__user")))


def _settle_and_describe(run: PayoutRun, items: QuerySet[PayoutItem], values: dict[str, Any], actor: User) -> str:
    """Settles the payouts and returns a sentence that says what was done. Raises `ActionRefused`."""
    if values["outcome"] == SettleForm.PAID:
        day, reference = values["paid_on"], values["reference"]
        paid = mark_paid_manually(run=run, items=items, reference=reference, paid_on=day, actor=actor)
        return f"{paid} marked as paid."
    return f"{mark_failed_manually(run=run, items=items, reason=values['reason'], actor=actor)} due again."


def settle_manually(
    model_admin: Any,
    request: HttpRequest,
    about: PayoutRun | PayoutItem,
    items: QuerySet[PayoutItem],
    ineligible: list[IneligiblePayout],
) -> HttpResponse:
    """One form for a single payout or a whole run: paid, with reference and day, or failed, with the reason.

    `ineligible` are listed on the page as payouts not to make.
    """
    run = about.run if isinstance(about, PayoutItem) else about
    form = SettleForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            done = _settle_and_describe(run, items, form.cleaned_data, acting_user(request))
        except ActionRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            model_admin.log_change(request, run, "settled manually")
            model_admin.message_user(request, done)
            return redirect("admin:affiliates_payoutrun_change", run.pk)
    sums = items.aggregate(count=Count("pk"), sum=Sum("amount_minor"))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Record manual payments",
        "opts": model_admin.opts,
        "about": about,
        "run": run,
        "count": sums["count"],
        "total": Money(sums["sum"] or 0, run.currency),
        "ineligible": [(one.item, one.reason.label) for one in ineligible],
        "form": form,
    }
    return render(request, "affiliates/admin/payout_settle.html", context)


def describe_ineligible(ineligible: list[IneligiblePayout]) -> str:
    """`ERIN, the account is suspended; …`, as many as fit into a message."""
    named = [f"{one.item.affiliate.staff_label}, {one.reason.label}" for one in ineligible[:NAMED]]
    return "; ".join(
        [*named, *([f"and {len(ineligible) - NAMED} more, listed below"] if len(ineligible) > NAMED else [])]
    )


def ineligible_now(run: PayoutRun) -> list[IneligiblePayout]:
    """The payouts that approving the run or making its list would leave out; once it is made, those not to pay."""
    if run.state == PayoutRun.State.PREPARED or (run.is_manual and run.state == PayoutRun.State.APPROVED):
        return ineligible_payouts(run.items.in_progress().select_related("affiliate__user").order_by("pk"))
    return []


def left_out_payouts(run: PayoutRun) -> list[tuple[PayoutItem, str]]:
    """The payouts left out at approval or at sending, each with its reason; in the wording for staff where it still
    applies."""
    words = [reason.words for reason in Ineligibility]
    released = run.items.filter(state=PayoutItem.State.CANCELLED, error__in=words).select_related("affiliate__user")
    now = {one.item.pk: one.reason.label for one in ineligible_payouts(released)}
    return [(item, now.get(item.pk, item.error)) for item in released.order_by("pk")]


def run_progress(run: PayoutRun) -> dict[str, Any]:
    """How many payouts of a run are in each state, and how many are settled."""
    states_of = run.items.order_by().values_list("state").annotate(count=Count("pk"))
    counts: dict[str, int] = dict(states_of)
    total = sum(counts.values())
    ended = total - sum(counts.get(state, 0) for state in PayoutItem.IN_PROGRESS)
    states = [(state.value, state.label, counts[state]) for state in PayoutItem.State if counts.get(state)]
    return {"total": total, "ended": ended, "states": states}

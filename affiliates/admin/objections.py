"""The admin of objections: a queue with deadlines, and one page to answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from affiliates.commissions.explanation import explain_commission
from affiliates.commissions.objections import answer_objection
from affiliates.models import Objection
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from shop.money_fields import MoneyFormField

from .filters import OfCommissionFilter


class ObjectionAnswerForm(forms.Form):
    upheld = forms.ChoiceField(
        label="Was the affiliate right?", choices=[("no", "No, nothing changes"), ("yes", "Yes")]
    )
    answer = forms.CharField(
        label="Your answer and the reason", max_length=4000, widget=forms.Textarea(attrs={"rows": 8, "cols": 80})
    )
    adjustment = MoneyFormField(
        required=False,
        negative=True,
        help_text="For the affiliate's balance, once a second person has booked it. May be negative.",
    )

    def __init__(self, *args: Any, may_adjust: bool, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["adjustment"].currency = currency  # type: ignore[attr-defined]  # of a `MoneyFormField`
        if not may_adjust:  # adjusting a balance needs its own permission
            del self.fields["adjustment"]

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("adjustment") and self.cleaned_data.get("upheld") == "no":
            self.add_error("adjustment", "An adjustment needs an upheld objection.")
        return self.cleaned_data


OPEN_FIRST = Case(When(state=Objection.State.OPEN, then=Value(0)), default=Value(1))


class ClockFilter(admin.SimpleListFilter):
    title = "deadline"
    parameter_name = "clock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("overdue", "overdue"), ("open", "open or overdue")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "overdue":
            return queryset.filter(state=Objection.State.OPEN, due_at__lt=timezone.now())
        return queryset.filter(state=Objection.State.OPEN) if self.value() == "open" else queryset


def _answer(*, upheld: str, **of_the_objection: Any) -> None:
    answer_objection(upheld=upheld == "yes", **of_the_objection)


@admin.register(Objection)
class ObjectionAdmin(StaffActionsAdmin, ReadOnlyAdmin):
    list_display = ["due", "opened_at", "order", "who", "state", "answered_at", "to_answer"]
    list_filter = [OfCommissionFilter, ClockFilter, "state", "due_at"]
    ordering = [OPEN_FIRST.asc(), "due_at"]
    list_select_related = ["commission__attribution__affiliate__user", "commission__attribution__order"]
    names_people = ("who",)
    search_fields = ["commission__number", "commission__attribution__affiliate__code"]
    fields = ["commission", "order", "who", "text", "state", "opened_at", "due", "answer", "answered_at", "answered_by"]
    row_argument = "objection"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "affiliates_objection_{}"
    returns_to = "changelist"
    staff_actions = (
        StaffAction(
            name="answer",
            label="Answer",
            permission="affiliates.change_objection",
            do=_answer,
            when=lambda objection: objection.state == Objection.State.OPEN,
            form=ObjectionAnswerForm,
            template="affiliates/admin/answer_objection.html",
            done="Answered. The affiliate is notified by email.",
        ),
    )

    @admin.display(description="affiliate")
    def who(self, objection: Objection) -> str:
        return objection.commission.affiliate.staff_label

    @admin.display(description="order")
    def order(self, objection: Objection) -> str:
        return objection.commission.attribution.order.reference

    @admin.display(description="answer due", ordering="due_at")
    def due(self, objection: Objection) -> str:
        day = date_format(objection.due_day)  # as on every page of the admin
        return format_html('<strong class="overdue">{}, overdue</strong>', day) if objection.is_overdue else day

    @admin.display(description="next step")
    def to_answer(self, objection: Objection) -> str:
        if objection.state != Objection.State.OPEN:
            return ""
        address = reverse("admin:affiliates_objection_answer", args=[objection.pk])
        return format_html('<a href="{}">Answer</a>', address)

    def form_for_action(self, request: HttpRequest, objection: Objection, action: StaffAction) -> ObjectionAnswerForm:
        may_adjust = request.user.has_perm("affiliates.add_ledgerentry")
        return ObjectionAnswerForm(request.POST or None, may_adjust=may_adjust, currency=objection.commission.currency)

    def action_context(self, request: HttpRequest, objection: Objection, action: StaffAction) -> dict[str, Any]:
        return {"lines": explain_commission(objection.commission)}

    def too_late(self, objection: Objection) -> str:
        return "This objection was already answered."

"""The admin of objections: a queue with deadlines, and one page to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html

from affiliates.commissions.explanation import explain_commission
from affiliates.commissions.objections import answer_objection
from affiliates.models import Objection
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.refusals import ActionRefused
from shop.pricing.form_fields import MoneyField

from .filters import OfCommissionFilter

if TYPE_CHECKING:
    from accounts.models import User


class ObjectionAnswerForm(forms.Form):
    upheld = forms.ChoiceField(
        label="Was the affiliate right?", choices=[("no", "No, nothing changes"), ("yes", "Yes")]
    )
    answer = forms.CharField(
        label="Your answer and the reason", max_length=4000, widget=forms.Textarea(attrs={"rows": 8, "cols": 80})
    )
    adjustment = MoneyField(
        required=False, negative=True, help_text="Credited to the affiliate's balance. A negative amount is debited."
    )

    def __init__(self, *args: Any, may_adjust: bool, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["adjustment"].currency = currency  # type: ignore[attr-defined]  # of a `MoneyField`
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


@admin.register(Objection)
class ObjectionAdmin(ReadOnlyAdmin):
    list_display = ["due", "opened_at", "commission", "code", "state", "answered_at", "to_answer"]
    list_filter = [OfCommissionFilter, ClockFilter, "state", "due_at"]
    ordering = [OPEN_FIRST.asc(), "due_at"]
    list_select_related = ["commission__attribution__affiliate"]
    search_fields = ["commission__number", "commission__attribution__affiliate__code"]
    fields = ["commission", "code", "text", "state", "opened_at", "due", "answer", "answered_at", "answered_by"]
    change_form_template = "affiliates/admin/objection.html"

    @admin.display(description="affiliate")
    def code(self, objection: Objection) -> str:
        return objection.commission.affiliate.code

    @admin.display(description="answer due", ordering="due_at")
    def due(self, objection: Objection) -> str:
        day = f"{objection.due_day:%B %-d, %Y}"
        return format_html('<strong class="overdue">{}, overdue</strong>', day) if objection.is_overdue else day

    @admin.display(description="")
    def to_answer(self, objection: Objection) -> str:
        if objection.state != Objection.State.OPEN:
            return ""
        address = reverse("admin:affiliates_objection_answer", args=[objection.pk])
        return format_html('<a href="{}">Answer</a>', address)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.answer)
        name = "affiliates_objection_answer"
        return [path("<uuid:objection_id>/answer/", view, name=name), *super().get_urls()]

    def answer(self, request: HttpRequest, objection_id: UUID) -> HttpResponse:
        if not request.user.has_perm("affiliates.change_objection"):
            raise PermissionDenied
        objection = get_object_or_404(self.get_queryset(request), pk=objection_id)
        may_adjust = request.user.has_perm("affiliates.add_ledgerentry")
        form = ObjectionAnswerForm(request.POST or None, may_adjust=may_adjust, currency=objection.commission.currency)
        if form.is_valid() and self._answered(request, objection, form.cleaned_data):
            return redirect("admin:affiliates_objection_changelist")
        self.audit(request, "read", objection)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Answer the objection to {objection.commission}",
            "objection": objection,
            "lines": explain_commission(objection.commission),
            "form": form,
            "opts": self.opts,
        }
        return render(request, "affiliates/admin/answer_objection.html", context)

    def _answered(self, request: HttpRequest, objection: Objection, values: dict[str, Any]) -> bool:
        try:
            answer_objection(
                objection=objection,
                answer=values["answer"],
                upheld=values["upheld"] == "yes",
                adjustment=values.get("adjustment"),
                actor=cast("User", request.user),
            )
        except ActionRefused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return False
        self.message_user(request, "Answered. The affiliate is notified by email.")
        return True

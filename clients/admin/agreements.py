"""The admin of agreements with clients."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from clients.agreements.agreements import delete_agreement, end_agreement, save_agreement
from clients.models import Agreement, Quote
from contacts.admin.contributions import message_action
from contacts.models import Inquiry
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from privacy.admin_base.staff_labels import may_see
from privacy.registry.deadlines import local_day
from privacy.web.personal_data_form import PersonalDataForm

SUBJECT = 200  # characters


def today() -> date:
    return local_day(timezone.now())


class AgreementForm(PersonalDataForm, forms.ModelForm[Agreement]):
    class Meta:
        model = Agreement
        fields = ["name", "email", "phone", "address", "subject", "starts_on", "ends_on", "notes"]
        widgets = {"address": forms.Textarea(attrs={"rows": 3}), "notes": forms.Textarea(attrs={"rows": 6})}
        help_texts = {
            "email": "The messages from this address are kept as long as the agreement's records.",
            "subject": "For instance: maintenance of the site, each month.",
        }

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        starts_on, ends_on = typed.get("starts_on"), typed.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", "It can't end before it begins.")
        ways = ("email", "phone", "address")
        if not any(typed.get(name) or name in self.errors for name in ways):
            self.add_error("email", "Enter an email address, a phone number or a postal address.")
        return typed


class EndForm(forms.Form):
    ends_on = forms.DateField(label="Last day", initial=today, widget=AdminDateWidget)


class InForceFilter(admin.SimpleListFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("in_force", "in force"), ("ended", "ended"), ("to_come", "to come")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        day = today()
        found = {"ended": Q(ends_on__lt=day), "to_come": Q(starts_on__gt=day)}
        if self.value() == "in_force":
            return queryset.in_force(day)
        return queryset.filter(found.get(self.value() or "", Q()))


def source_of(request: HttpRequest) -> Inquiry | Quote | None:
    """The row that the address of the page names, for those who may see it."""
    if (key := request.GET.get("inquiry")) and may_see(request.user, Inquiry):
        return get_object_or_404(Inquiry, pk=key)
    if (key := request.GET.get("quote")) and may_see(request.user, Quote):
        return get_object_or_404(Quote, pk=key)
    return None


def _contact(source: Inquiry | Quote) -> dict[str, Any]:
    return {name: getattr(source, name) for name in ("name", "email", "address")}


def new_agreement(**source: Any) -> HttpResponse:
    """Leads to the form. The source is a message or a quote, under its own name."""
    [(name, row)] = [(name, row) for name, row in source.items() if name != "actor"]
    return redirect(f"{reverse('admin:clients_agreement_add')}?{name}={row.pk}")


AGREED = StaffAction(
    name="agreement",
    label="New agreement",
    permission="clients.add_agreement",
    do=new_agreement,
    one_press=True,
)
message_action(AGREED)


@admin.register(Agreement)
class AgreementAdmin(StaffActionsAdmin, BlindSearchMixin):
    form = AgreementForm
    list_display = ["name", "reference", "subject", "starts_on", "ends_on", "status"]
    list_filter = [InForceFilter]
    search_fields = ["reference"]
    row_argument = "agreement"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "clients_agreement_{}"
    staff_actions = (
        StaffAction(
            name="end",
            label="End…",
            asks="Messages from this client are kept for 4 years after the last day, and then deleted.",
            do=end_agreement,
            form=EndForm,
            when=lambda agreement: agreement.ends_on is None or agreement.ends_on >= today(),
            done=lambda agreement, _: "The last day is recorded.",
        ),
    )

    @admin.display(description="state")
    def status(self, agreement: Agreement) -> str:
        day = today()
        if agreement.is_in_force(day):
            return "in force"
        return "to come" if agreement.starts_on > day else "ended"

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return super().add_view(request, form_url, {**(extra_context or {}), "title": "New agreement"})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the message or the quote says that the button "New agreement" was pressed for."""
        source = source_of(request)
        if source is None:
            return {}
        self.audit(request, "read", source)
        if isinstance(source, Inquiry):
            project = (source.project or "")[:SUBJECT]
            return {**_contact(source), "phone": source.phone, "subject": project, "starts_on": today()}
        return {**_contact(source), "subject": source.title, "starts_on": today()}

    def save_model(self, request: HttpRequest, obj: Agreement, form: Any, change: bool) -> None:
        if not change and (source := source_of(request)):
            obj.inquiry = source if isinstance(source, Inquiry) else source.inquiry
        save_agreement(agreement=obj, actor=acting_user(request))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_agreement(agreement=obj, actor=acting_user(request))

    def has_delete_permission(self, request: HttpRequest, obj: Agreement | None = None) -> bool:
        """One at a time: each deletion shortens how long a client's messages are kept."""
        return obj is not None and super().has_delete_permission(request, obj)

"""The admin of opt-outs: recording those that arrive by phone or letter, and the call and letter lists."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.reauthentication import confirmed_recently
from privacy.audit.trail import record_many
from privacy.consent.contact_lists import contact_list
from privacy.consent.opt_outs import suppress
from privacy.encryption.email_field import EmailAddressField
from privacy.models import Suppression
from privacy.preferences.preferences import CHOOSABLE
from privacy.registry.purposes import Channel, Purpose
from privacy.web.personal_data_form import validate_phone

Source = Suppression.Source
ROWS_PER_PAGE = 50


class OptOutForm(forms.Form):
    """An opt-out that arrived by phone, letter or email. One contact point is enough."""

    source = forms.ChoiceField(
        label="Received by", choices=[(way, way.label) for way in (Source.CALL, Source.LETTER, Source.MAIL)]
    )
    email = EmailAddressField(label="Email address", required=False)
    phone = forms.CharField(label="Telephone number", required=False, max_length=40, validators=[validate_phone])
    address = forms.CharField(
        label="Postal address",
        required=False,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 50}),
        help_text="Exactly as the person writes it, because it is compared word by word. If we sent a letter, copy the"
        " address from it.",
    )
    channels = forms.MultipleChoiceField(
        label="Opt out of",
        choices=Channel.choices,
        initial=Channel.values,
        widget=forms.CheckboxSelectMultiple,
    )
    purpose = forms.ChoiceField(
        label="About",
        required=False,
        choices=[("", "anything"), *((purpose, purpose.label) for purpose in CHOOSABLE)],
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not any(cleaned.get(name) for name in ("email", "phone", "address")):
            raise forms.ValidationError("Enter an email address, a phone number or a postal address.")
        return cleaned


@transaction.atomic
def record_opt_out(
    *,
    channels: list[str],
    source: str,
    actor: AbstractBaseUser,
    purpose: str,
    email: str = "",
    phone: str = "",
    address: str = "",
) -> list[Suppression]:
    """Closes the channels for every given contact point, and audits who recorded it."""
    how: dict[str, Any] = {"purpose": purpose, "source": source, "recorded_by": actor}
    rows = suppress(email or None, *channels, phone=phone or None, address=address or None, **how)
    record_many(action="privacy.optout.recorded", about=rows, actor=actor)
    return rows


@admin.register(Suppression)
class SuppressionAdmin(BlindSearchMixin, ReadOnlyAdmin):
    list_display = ["__str__", "channel", "for_purpose", "source", "recorded_by", "created_at"]
    list_filter = ["channel", "source", "purpose"]
    list_select_related = ["recorded_by"]
    fields = ["channel", "for_purpose", "source", "recorded_by", "created_at"]
    change_list_template = "privacy/admin/opt_outs.html"

    @admin.display(description="about", ordering="purpose")
    def for_purpose(self, row: Suppression) -> str:
        return Purpose(row.purpose).label if row.purpose else "anything"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)

    def get_urls(self) -> list[Any]:
        lists = [
            path(f"{channel}-list/", self.admin_site.admin_view(self.list_view), {"channel": channel}, name=f"{name}")
            for channel, name in ((Channel.PHONE, "privacy_call_list"), (Channel.LETTER, "privacy_letter_list"))
        ]
        return [*lists, *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Records an opt-out. Contact details are stored as fingerprints only."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = OptOutForm(request.POST or None)
        if form.is_valid():
            rows = record_opt_out(actor=acting_user(request), **form.cleaned_data)
            self.message_user(request, "Opt-out recorded. It applies immediately.", messages.SUCCESS)
            return redirect("admin:privacy_suppression_change", rows[0].pk)
        return self._page(request, "privacy/admin/opt_out.html", title="Record an opt-out", form=form)

    @confirmed_recently
    def list_view(self, request: HttpRequest, channel: Channel) -> HttpResponse:
        """People whom staff may call or send a letter to, for subjects that they may open. Viewing the list is
        audited."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        self.audit(request, "listed", self.model)
        rows = [
            row
            for row in contact_list(channel, now=timezone.now())
            if (meta := getattr(row.contact.about, "_meta", None))
            and request.user.has_perm(f"{meta.app_label}.view_{meta.model_name}")
        ]
        page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("p"))
        title = "Call list" if channel == Channel.PHONE else "Letter list"
        return self._page(request, "privacy/admin/contact_list.html", title=title, page=page, channel=channel)

    def _page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        return render(request, template, {**self.admin_site.each_context(request), "opts": self.opts, **context})

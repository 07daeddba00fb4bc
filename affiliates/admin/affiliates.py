"""The admin of affiliates: the whole account on one page, above the few fields that staff can edit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from affiliates.membership.payout_address import HOLD, request_payout_email_change
from affiliates.membership.profile_forms import PayPalAddressField
from affiliates.models import Affiliate, Flag
from affiliates.staff.affiliate_summary import account_of
from affiliates.tracking.links import link_to
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.reauthentication import ask_again
from privacy.admin_base.refusals import ActionRefused
from privacy.admin_base.staff_action import StaffActionsAdmin
from privacy.audit.trail import record

from .account_state import STATE_ACTIONS

HOURS = int(HOLD.total_seconds()) // 3600
OF_AFFILIATE = Flag.objects.open().filter(attribution__affiliate=OuterRef("pk")).order_by()
OPEN_FLAGS = OF_AFFILIATE.values("attribution__affiliate").annotate(number=Count("pk")).values("number")


class AffiliateForm(forms.ModelForm[Affiliate]):
    payout_email = PayPalAddressField(
        label="PayPal address",
        required=False,
        empty_value=None,
        help_text=f"A change takes effect after {HOURS} hours. The affiliate is notified now and can stop it.",
    )


@admin.register(Affiliate)
class AffiliateAdmin(StaffActionsAdmin, BlindSearchMixin):
    list_display = ["who", "code", "group", "state", "joined_at", "terms_version", "flags"]
    list_display_links = ["who", "code"]
    list_filter = ["state", "group", "joined_at", "terms_version"]
    list_select_related = ["user", "group"]
    names_people = ("who",)
    search_fields = ["code"]
    search_help_text = "Name, code (also a former one, or a whole link), or complete email address."
    form = AffiliateForm
    autocomplete_fields = ["user"]
    fields = ["user", "code", "group", "state", "state_reason", "payout_email", "website", "terms_version", "joined_at"]
    readonly_fields = ["user", "group", "state", "state_reason", "terms_version", "joined_at"]
    change_form_template = "affiliates/admin/affiliate.html"
    staff_actions = STATE_ACTIONS
    row_argument = "affiliate"
    action_route = "<uuid:row_id>/standing/<slug:action>/"
    action_url_name = "affiliates_affiliate_standing"

    @admin.display(description="affiliate", ordering="code")
    def who(self, affiliate: Affiliate) -> str:
        return affiliate.user.get_full_name() or "deleted account"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        affiliates: QuerySet[Affiliate] = super().get_queryset(request)
        return affiliates.annotate(open_flags=Subquery(OPEN_FLAGS))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Reading needs no confirmation. Saving asks for the password again, because it can redirect money."""
        page = ask_again(request) if request.method == "POST" else None
        return page or super().changeform_view(request, *args, **kwargs)

    def more_watched(self, affiliate: Affiliate) -> list[tuple[QuerySet[Any], tuple[str, ...]]]:
        """A pending payout address is watched too, so that another one can't silently replace it."""
        return [(affiliate.payout_email_changes.waiting(), ("email", "takes_effect_at"))]

    @admin.display(description="open flags", ordering="open_flags")
    def flags(self, affiliate: Any) -> int:
        return affiliate.open_flags or 0

    # --- The account's owner never changes, because money follows it --------------------------------------------------
    def get_fields(self, request: HttpRequest, obj: Affiliate | None = None) -> Any:
        return self.fields if obj else ["user", "code", "website"]

    def get_readonly_fields(self, request: HttpRequest, obj: Affiliate | None = None) -> Any:
        return self.readonly_fields if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **(kwargs if obj else {**kwargs, "form": forms.ModelForm}))

    def save_model(self, request: HttpRequest, obj: Affiliate, form: Any, change: bool) -> None:
        """A new affiliate enters the PayPal address in the portal. A change or removal by staff takes effect after 72
        hours."""
        if not change:
            obj.payout_email = None
            super().save_model(request, obj, form, change)
            return
        obj.save(update_fields=["website", "code"])
        if "code" in form.changed_data:
            record(action="affiliates.code.changed", about=obj, actor=acting_user(request))
        if "payout_email" in form.changed_data:
            self._request_payout_email_change(request, obj, obj.payout_email)

    def _request_payout_email_change(self, request: HttpRequest, affiliate: Affiliate, email: str | None) -> None:
        try:
            request_payout_email_change(affiliate=affiliate, email=email, actor=acting_user(request))
        except ActionRefused as refusal:
            messages.error(request, f"The PayPal address was not changed: {refusal}")
        else:
            messages.warning(
                request,
                f"The new PayPal address takes effect in {HOURS} hours. The affiliate gets an email and can stop it."
                if email
                else f"The PayPal address is removed in {HOURS} hours. The affiliate gets an email and can stop it.",
            )

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        affiliate = self.get_object(request, object_id)
        if affiliate is not None and self._may_see_money(request):
            extra_context = {
                **(extra_context or {}),
                "account": account_of(affiliate, now=timezone.now()),
                "link": link_to(affiliate.code),
            }
        response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return response

    def too_late(self, affiliate: Affiliate) -> str:
        return f"This account is {affiliate.get_state_display()}."

    def _may_see_money(self, request: HttpRequest) -> bool:
        return request.user.has_perms(["affiliates.view_affiliate", "affiliates.view_commission"])

"""Admin of orders, with their payments and licenses."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.readonly import ReadOnlyAdmin, ReadOnlyInline
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from privacy.encryption.email_field import EmailAddressField
from shop.delivery.downloads import reset_downloads
from shop.delivery.order_links import correct_address, send_receipt_again
from shop.models import Order
from shop.models.delivery import License

from .delivery import REISSUE
from .payments import PaymentInline

CORRECT = "shop.correct_order"


class AddressForm(forms.Form):
    email = EmailAddressField(label="Correct email address")


def _corrected(order: Order, mailed: bool) -> str:
    told = "the buyer was mailed the new link" if mailed else "the new address can't be mailed: see Outgoing mail"
    return f"The address was corrected, and the former link no longer works; {told}."


ACTIONS = (
    StaffAction(
        name="send-receipt",
        label="Send the receipt again",
        permission=CORRECT,
        when=lambda order: order.paid_at is not None and not order.is_erased,
        do=send_receipt_again,
        one_press=True,
        done="The receipt is on its way to the buyer.",
    ),
    StaffAction(
        name="correct-address",
        label="Correct the email address…",
        permission=CORRECT,
        when=lambda order: not order.is_erased,
        asks="Whoever got the mails so far can no longer open the order: its link changes, the license key is replaced,"
        " and both are mailed to the new address. Make sure that you are talking to the buyer: at PayPal, the order's"
        " transaction shows the payer's address. Knowing the order's number or its date proves nothing: whoever got the"
        " mails has read them there.",
        form=AddressForm,
        asks_again=True,
        do=correct_address,
        done=_corrected,
    ),
)


class LicenseInline(ReadOnlyInline):
    model = License
    fields = ("key", "issued_at", "revoked_at")
    readonly_fields = fields


@admin.register(Order)
class OrderAdmin(BlindSearchMixin, StaffActionsAdmin, ReadOnlyAdmin):
    staff_actions = ACTIONS
    row_argument = "order"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "shop_order_{}"
    list_display = ["reference", "product_name", "total", "state", "placed_at", "paid_at"]
    list_filter = ["state", "placed_at"]
    search_fields = ["reference"]
    blind_search_fields = ("email_index",)
    blind_phone_fields = ("phone_index",)
    fields = [
        *("reference", "product_name", "total", "state", "name", "email", "phone", "address", "company", "vat_id"),
        *("placed_at", "paid_at", "downloads", "license_key"),
    ]
    readonly_fields = ("license_key",)
    inlines = [LicenseInline, PaymentInline]
    actions = ["reset_downloads"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if request.user.has_perm(REISSUE) else self.fields[:-1]

    @admin.display(description="license key")
    def license_key(self, order: Order) -> str:
        if not order.is_delivered:
            return "–"
        return format_html('<a href="{}">Issue a new one…</a>', reverse("admin:shop_license_reissue", args=[order.pk]))

    @admin.action(description="Reset the download limit", permissions=["renew"])
    def reset_downloads(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        for order in orders.only("id"):
            reset_downloads(order=order, actor=acting_user(request))
        self.message_user(request, "The download limit was reset. Please notify the buyer.")

    def has_renew_permission(self, request: HttpRequest) -> bool:
        return acting_user(request).has_perm("shop.reset_downloads")

"""PayPal's paths, the payer's pages, and the control API."""

from django.urls import path, re_path

from . import control_api, pages
from .api import disputes, orders, payments, payouts, tokens
from .api.responses import by_method
from .webhooks import verification_api

ACTION = r"^standin/captures/(?P<capture_id>\w+)/(?P<action>complete|deny|dispute|appeal|resolve|refund|reverse|again)$"
REFUND_ACTION = r"^standin/refunds/(?P<refund_id>\w+)/(?P<action>complete|fail)$"

urlpatterns = [
    path("v1/oauth2/token", tokens.issue_token),
    path("v2/checkout/orders", by_method(post=orders.create_order)),
    path("v2/checkout/orders/<str:order_id>", by_method(get=orders.show_order)),
    path("v2/checkout/orders/<str:order_id>/capture", by_method(post=orders.capture_order)),
    path("v2/payments/captures/<str:capture_id>", by_method(get=payments.show_capture)),
    path("v2/payments/captures/<str:capture_id>/refund", by_method(post=payments.refund_capture)),
    path("v2/payments/refunds/<str:refund_id>", by_method(get=payments.show_refund)),
    path("v1/payments/payouts", by_method(post=payouts.create_batch)),
    path("v1/payments/payouts/<str:batch_id>", by_method(get=payouts.show_batch)),
    path("v1/payments/payouts-item/<str:item_id>", by_method(get=payouts.show_item)),
    path("v1/payments/payouts-item/<str:item_id>/cancel", by_method(post=payouts.cancel_item)),
    path("v1/customer/disputes", by_method(get=disputes.list_disputes)),
    path("v1/customer/disputes/<str:dispute_id>", by_method(get=disputes.show_dispute)),
    path("v1/notifications/verify-webhook-signature", by_method(post=verification_api.verify_signature)),
    path("v1/notifications/webhooks/<str:webhook_id>", by_method(get=verification_api.show_webhook)),
    path("v1/notifications/certs/<str:name>", by_method(get=verification_api.show_certificate)),
    path("", by_method(get=pages.show_overview), name="overview"),
    path("checkoutnow", by_method(get=pages.show_approval, post=pages.decide), name="approve"),
    re_path(REFUND_ACTION, by_method(post=pages.act_on_refund), name="act-on-refund"),
    re_path(ACTION, by_method(post=pages.act_on_capture), name="act-on-capture"),
    path("standin/items/<str:item_id>", by_method(post=pages.act_on_item), name="act-on-item"),
    path("standin/mishap", by_method(post=pages.inject_fault), name="mishap"),
    path("standin/webhooks/<int:delivery_id>/resend", by_method(post=pages.resend_webhook), name="resend"),
    path(
        "standin/faults",
        by_method(get=control_api.list_faults, post=control_api.add_fault, delete=control_api.clear_faults),
    ),
    path(
        "standin/clock",
        by_method(get=control_api.show_clock, post=control_api.advance_clock, delete=control_api.reset_clock),
    ),
    path("standin/webhook-url", by_method(get=control_api.show_webhook_url, post=control_api.set_webhook_url)),
    path("standin/webhooks", by_method(get=control_api.list_webhooks)),
    path("standin/transmissions", by_method(get=control_api.show_transmissions)),
    path("standin/ca.pem", by_method(get=control_api.show_ca)),
]
handler404 = pages.not_found

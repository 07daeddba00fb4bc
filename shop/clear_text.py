"""The readable columns of this app."""

from privacy.registry.clear_text import CURRENCY, DIGEST, OWN_NUMBER, OWN_WORDS, PAYPALS, PROGRAM, PUBLIC, clear_text

clear_text(
    DIGEST,
    "shop_counteddownload.link_digest shop_order.checkout_digest shop_productfile.sha256 shop_productpicture.digest",
)
clear_text(OWN_NUMBER, "shop_order.reference")
clear_text(
    PAYPALS,
    """
    shop_dispute.paypal_id shop_dispute.reason shop_extracapture.capture_id shop_payment.approve_url
    shop_payment.capture_id shop_payment.paypal_order_id shop_paypalevent.capture_id shop_paypalevent.event_id
    shop_paypalevent.event_type shop_paypalevent.order_id shop_paypalevent.resource_id shop_paypalsnapshot.status
    shop_refund.paypal_refund_id
    """,
)
clear_text(
    CURRENCY,
    """
    shop_discountamount.currency shop_discountuse.currency shop_dispute.currency shop_extracapture.currency
    shop_order.currency shop_payment.currency shop_paypalsnapshot.currency shop_refund.currency shop_salesday.currency
    """,
)
clear_text(OWN_WORDS, "shop_payment.problem shop_salesday.key")
clear_text(PROGRAM, "shop_salesday.by")
clear_text(
    PUBLIC,
    """
    shop_discountcode.code shop_order.discount_codes
    shop_order.product_name shop_order.tax_name shop_product.description shop_product.documentation_url
    shop_product.fulfillment shop_product.headline shop_product.install_steps shop_product.name
    shop_product.requirements shop_product.sites_per_license shop_product.slug shop_product.summary
    shop_product.updates_and_support shop_productfeature.heading shop_productfeature.text shop_productpicture.alt
    shop_productpicture.caption shop_productquestion.answer shop_productquestion.question
    shop_shopterms.changes shop_shopterms.text shop_productfile.content shop_productfile.notes shop_productfile.version
    """,
)

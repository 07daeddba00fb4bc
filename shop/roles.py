"""Each staff role's permissions in this app."""

from privacy.admin_base.staff_roles import Role, share

DISCOUNTS = (
    "view_discountcode add_discountcode change_discountcode"
    " view_discountamount add_discountamount change_discountamount delete_discountamount"
    " view_discountproduct add_discountproduct change_discountproduct delete_discountproduct"
)

share(
    "shop",
    {
        Role.SHOP: "view_order add_ordernote reset_downloads correct_order view_license reissue_license"
        " view_payment view_refund"
        " view_dispute view_product add_product change_product view_productfile add_productfile change_productfile"
        " view_productfeature add_productfeature change_productfeature delete_productfeature"
        " view_productpicture add_productpicture change_productpicture delete_productpicture"
        " view_productquestion add_productquestion change_productquestion delete_productquestion"
        f" view_shopterms change_shopterms view_refundrequest change_refundrequest {DISCOUNTS}",
        Role.AFFILIATES: DISCOUNTS,
        Role.FINANCE: "view_order add_ordernote view_payment refund_payment reconcile_payment view_refund view_dispute"
        " view_paypalevent view_refundrequest change_refundrequest",
        Role.OWNER: "delete_product publish_shopterms delete_shopterms",
    },
)

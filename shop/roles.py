"""What each role of staff may do in the shop."""

from privacy.admin_base.staff_roles import Role, share

share(
    "shop",
    {
        Role.SHOP: "view_order renew_downloads view_licence reissue_licence view_payment view_refund view_dispute"
        " view_product add_product change_product view_productfile add_productfile change_productfile",
        Role.FINANCE: "view_order view_payment refund_payment reconcile_payment view_refund view_dispute"
        " view_paypalevent",
        Role.OWNER: "delete_product",
    },
)

"""What each staff role may do in the affiliate program. Those who manage affiliates can't move money."""

from privacy.admin_base.staff_roles import Role, share

share(
    "affiliates",
    {
        Role.AFFILIATES: "view_affiliate change_affiliate view_application decide_application"
        " view_commission decide_commission view_objection change_objection view_flag"
        " view_affiliatediscount add_affiliatediscount change_affiliatediscount delete_affiliatediscount"
        " view_creative add_creative change_creative view_announcement add_announcement change_announcement"
        " view_termsversion add_termsversion change_termsversion"
        " view_rate view_affiliategroup view_ledgerentry view_adjustment view_payoutrun view_payoutitem",
        Role.FINANCE: "view_affiliate view_commission view_ledgerentry add_ledgerentry view_adjustment view_ledgercheck"
        " view_payoutrun view_payoutitem view_legaldetails prepare_payout approve_payout view_rate add_rate"
        " view_affiliategroup add_affiliategroup change_affiliategroup",
        Role.OWNER: "add_affiliate publish_termsversion delete_termsversion",
    },
)

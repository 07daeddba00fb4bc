"""The columns of this app that are stored in clear text."""

from privacy.registry.clear_text import (
    CURRENCY,
    DIGEST,
    NAMED_BY_STAFF,
    OWN_NUMBER,
    OWN_WORDS,
    PAGE,
    PAYPALS,
    PROGRAM,
    PUBLIC,
    clear_text,
)

clear_text(
    DIGEST,
    "affiliates_application.link_digest affiliates_click.cookie_digest affiliates_payoutemailchange.stop_digest"
    " affiliates_payouthead.lines_root affiliates_payouthead.marks_root affiliates_payouthead.previous",
)
clear_text(OWN_NUMBER, "affiliates_adjustment.number affiliates_affiliate.code affiliates_commission.number")
clear_text(
    PAYPALS,
    "affiliates_flag.dispute_id affiliates_payoutitem.paypal_item_id affiliates_paypalbatch.paypal_batch_id",
)
clear_text(
    CURRENCY,
    """
    affiliates_commission.currency affiliates_dailysales.currency affiliates_labelsales.currency
    affiliates_ledgerentry.currency affiliates_payoutrun.currency affiliates_payoutitem.currency
    affiliates_payouthead.currency affiliates_rate.currency affiliates_balancedelta.currency
    affiliates_commissionday.currency affiliates_adjustment.currency
    """,
)
clear_text(NAMED_BY_STAFF, "affiliates_affiliategroup.name")
clear_text(PROGRAM, "affiliates_balancedelta.bucket affiliates_commissionday.by affiliates_endpoint.kinds")
clear_text(
    OWN_WORDS,
    """
    affiliates_ledgercheck.difference affiliates_payoutrun.problem affiliates_payoutitem.error
    affiliates_paypalbatch.difference affiliates_paypalbatch.problem affiliates_commissionday.key
    """,
)
clear_text(
    PUBLIC,
    """
    affiliates_announcement.text affiliates_announcement.title affiliates_creative.body affiliates_creative.image
    affiliates_creative.landing affiliates_creative.name affiliates_creative.words affiliates_affiliate.terms_version
    affiliates_application.terms_version affiliates_attribution.terms_version affiliates_payouthead.key_id
    affiliates_payouthead.signature affiliates_termsversion.changes affiliates_termsversion.text
    """,
)
clear_text(
    PAGE,
    "affiliates_click.landing_path affiliates_dailyclicks.label affiliates_label.page"
    " affiliates_pendingvisitcount.landing_path",
)

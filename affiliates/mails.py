"""The messages of this app."""

from privacy.mail import mail_kind
from privacy.purposes import Purpose

APPLICATION_RECEIVED = mail_kind(
    "affiliates/application_received",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.Application",
    despite_opt_out=True,  # the applicant asked a moment ago
)
APPLICATION_DECIDED = mail_kind(
    "affiliates/application_decided",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.Application",
    live=lambda application: application.decided_at is not None,
    began=lambda application: application.applied_at,
    holds_link=True,
)
PAID_OUT = mail_kind("affiliates/paid_out", purpose=Purpose.AFFILIATE_ACCOUNT, about="affiliates.PayoutItem")

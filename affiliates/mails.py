"""The messages of this app."""

from privacy.mail import mail_kind
from privacy.purposes import Purpose

APPLICATION_RECEIVED = mail_kind(
    "affiliates/application_received",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.Application",
    transactional=True,
    because="it confirms an application made a moment ago",
    despite_opt_out=True,  # the applicant asked a moment ago
)
APPLICATION_DECIDED = mail_kind(
    "affiliates/application_decided",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.Application",
    transactional=True,
    because="it answers the application",
    live=lambda application: application.decided_at is not None,
    began=lambda application: application.applied_at,
    holds_link=True,
)
PAID_OUT = mail_kind(
    "affiliates/paid_out",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.PayoutItem",
    transactional=True,
    because="it says where the affiliate's money is",
)

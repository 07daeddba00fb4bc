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
PAYOUT_CAME_BACK = mail_kind(
    "affiliates/payout_came_back",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.PayoutItem",
    transactional=True,
    because="it says where the affiliate's money is",
)

# These two go to the business's own address and hold nothing personal.
DISPUTE_OPENED = mail_kind(
    "affiliates/dispute_opened",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.CommissionDispute",
    transactional=True,
    because="staff have to answer an objection in time",
    despite_opt_out=True,
)
DISPUTE_OVERDUE = mail_kind(
    "affiliates/dispute_overdue",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.CommissionDispute",
    transactional=True,
    because="staff are late with an answer",
    live=lambda dispute: dispute.answered_at is None,
    despite_opt_out=True,
)
DISPUTE_ANSWERED = mail_kind(
    "affiliates/dispute_answered",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.CommissionDispute",
    transactional=True,
    because="it answers the affiliate's objection",
    live=lambda dispute: dispute.answer is not None,
    despite_opt_out=True,  # the affiliate asked for this answer
)

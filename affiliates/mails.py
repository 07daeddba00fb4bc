"""The emails of this app."""

from typing import Any

from django.conf import settings

from privacy.mail.sending import mail_kind
from privacy.registry.mail_kinds import business_address
from privacy.registry.mail_variables import mail_variables
from privacy.registry.purposes import Purpose

from .models import PayoutEmailChange


def _sign_in_address(row: Any) -> list[str | None]:
    return [row.affiliate.user.email]


def _addresses_before_change(change: PayoutEmailChange) -> list[str | None]:
    """The previous payout address and the sign-in address; not the new one, which may be a thief's."""
    affiliate = change.affiliate
    earlier = affiliate.payout_email_changes.exclude(pk=change.pk)
    return [affiliate.user.email, affiliate.payout_email, *(each.email for each in earlier)]


# Anybody can apply with any address, and have payouts sent to one; but only its owner can set a password.
_BY_LINK = "the account's owner set its password with a link that was emailed to this address"

APPLICATION_RECEIVED = mail_kind(
    "affiliates/application_received",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.Application",
    transactional=True,
    because="it asks whether a recent application came from this address",
    live=lambda application: application.state == application.State.UNCONFIRMED,
    despite_opt_out=True,  # the applicant asked a moment ago
    holds_link=True,
)
APPLICATION_DECIDED = mail_kind(
    "affiliates/application_decided",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.Application",
    transactional=True,
    because="it answers the application",
    shows=frozenset({"decision"}),  # what staff answer
    written_by_staff=True,
    live=lambda application: application.decided_at is not None,
    began=lambda application: application.applied_at,
    holds_link=True,
)
MOVED_IN = mail_kind(
    "affiliates/moved_in",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.MovedAffiliate",
    recipients=_sign_in_address,
    transactional=True,
    because="it tells the affiliate who runs the program now, before anything is done with the account",
    live=lambda moved: moved.affiliate.state == moved.affiliate.State.MOVED,
    holds_link=True,
)
PAID_OUT = mail_kind(
    "affiliates/paid_out",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.PayoutItem",
    recipients=_sign_in_address,
    transactional=True,
    because="it says where the affiliate's money is",
    confirmed=_BY_LINK,
    live=lambda item: item.affiliate.mail_payouts,
)
PAYOUT_RETURNED = mail_kind(
    "affiliates/payout_returned",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.PayoutItem",
    recipients=_sign_in_address,
    transactional=True,
    because="it says where the affiliate's money is",
    confirmed=_BY_LINK,
)

# These two are sent to the business's own address and contain no personal data.
OBJECTION_OPENED = mail_kind(
    "affiliates/objection_opened",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.Objection",
    recipients=business_address,
    transactional=True,
    because="staff have to answer an objection in time",
    despite_opt_out=True,
)
OBJECTION_OVERDUE = mail_kind(
    "affiliates/objection_overdue",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.Objection",
    recipients=business_address,
    transactional=True,
    because="staff are late with an answer",
    live=lambda objection: objection.answered_at is None,
    despite_opt_out=True,
)
OBJECTION_ANSWERED = mail_kind(
    "affiliates/objection_answered",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.Objection",
    recipients=lambda objection: [objection.commission.affiliate.user.email],
    transactional=True,
    because="it answers the affiliate's objection",
    confirmed=_BY_LINK,
    live=lambda objection: objection.answer is not None,
    written_by_staff=True,
    despite_opt_out=True,  # the affiliate asked for this answer
)

TERMS_CHANGED = mail_kind(
    "affiliates/terms_changed",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.Affiliate",
    recipients=lambda affiliate: [affiliate.user.email],
    transactional=True,
    because="it changes the contract with the affiliate, who is paid only after accepting",
    confirmed=_BY_LINK,
    live=lambda affiliate: affiliate.is_active,
)
RATE_CHANGED = mail_kind(
    "affiliates/rate_changed",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.RateNotice",
    recipients=_sign_in_address,
    transactional=True,
    because="it says what the affiliate's next sales earn",
    confirmed=_BY_LINK,
    live=lambda notice: notice.affiliate.is_active,
)
PAYOUT_EMAIL_REQUESTED = mail_kind(
    "affiliates/payout_email_requested",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.PayoutEmailChange",
    recipients=_addresses_before_change,
    transactional=True,
    because="it warns of a change of the payout address, and can stop it",
    live=lambda change: change.state == change.State.WAITING,
    despite_opt_out=True,  # the account requested the change a moment ago
    holds_link=True,
)
PAYOUT_EMAIL_CHANGED = mail_kind(
    "affiliates/payout_email_changed",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.PayoutEmailChange",
    recipients=_sign_in_address,
    transactional=True,
    because="the affiliate requested the change of the payout address",
    live=lambda change: change.state == change.State.DONE,
)
ENDPOINT_DISABLED = mail_kind(
    "affiliates/endpoint_disabled",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.Endpoint",
    recipients=_sign_in_address,
    transactional=True,
    because="it says that the affiliate's program gets no more events",
    confirmed=_BY_LINK,
    live=lambda endpoint: endpoint.state == endpoint.State.DISABLED,
)
SALE_MADE = mail_kind(
    "affiliates/sale_made",
    purpose=Purpose.AFFILIATE_NEWS,
    about="affiliates.Commission",
    recipients=_sign_in_address,
    transactional=False,
    because="the affiliate chose to be notified of sales",
    confirmed=_BY_LINK,
    live=lambda commission: commission.affiliate.mail_sales and commission.affiliate.is_active,
)
MONTHLY_SUMMARY = mail_kind(
    "affiliates/monthly_summary",
    purpose=Purpose.AFFILIATE_NEWS,
    about="affiliates.Affiliate",
    recipients=lambda affiliate: [affiliate.user.email],
    transactional=False,
    because="the affiliate chose to get a monthly summary",
    confirmed=_BY_LINK,
    live=lambda affiliate: affiliate.mail_monthly and affiliate.is_active,
)
ANNOUNCEMENT = mail_kind(
    "affiliates/announcement",
    purpose=Purpose.AFFILIATE_NEWS,
    about="affiliates.AnnouncementNotice",
    recipients=_sign_in_address,
    transactional=False,
    because="the affiliate chose to get announcements",
    confirmed=_BY_LINK,
    live=lambda notice: notice.affiliate.mail_news and notice.affiliate.is_active,
)
ACCOUNT_SUSPENDED = mail_kind(
    "affiliates/account_suspended",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.Affiliate",
    recipients=lambda affiliate: [affiliate.user.email],
    transactional=True,
    because="it says why the affiliate's links stopped earning",
    confirmed=_BY_LINK,
    live=lambda affiliate: affiliate.state == affiliate.State.SUSPENDED,
)
ACCOUNT_REINSTATED = mail_kind(
    "affiliates/account_reinstated",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.Affiliate",
    recipients=lambda affiliate: [affiliate.user.email],
    transactional=True,
    because="it says that the affiliate's links earn again",
    confirmed=_BY_LINK,
    live=lambda affiliate: affiliate.is_active,
)
ACCOUNT_CLOSED = mail_kind(
    "affiliates/account_closed",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    about="affiliates.Affiliate",
    recipients=lambda affiliate: [affiliate.user.email],
    transactional=True,
    because="it says that the account is closed, and what happens to the money",
    confirmed=_BY_LINK,
    live=lambda affiliate: affiliate.state == affiliate.State.CLOSED,
    despite_opt_out=True,  # the affiliate can no longer sign in to read it
)

mail_variables(
    "affiliates",
    {
        "about.answer|linebreaks": ("answer", "The buyer had used your link. We have approved the commission."),
        "about.commission.number": ("commission", "C-48213"),
        "about.commission.total": ("amount", "$17.99"),
        'about.due_day|date:"F j, Y"': ("due_day", "December 14, 2026"),
        "about.get_state_display": ("state", "returned"),
        'about.hold_until|date:"F j, Y"': ("hold_until", "December 30, 2026"),
        "about.number": ("commission", "C-48213"),
        "about.state_reason": ("reason", "Your site offered our product for download."),
        "about.total": ("amount", "$17.99"),
        "about.user.get_short_name": ("name", "Alice"),
        "block affiliate_link": ("affiliate_link", f"{settings.SITE_URL}/go/ALICE/"),
        "block change": ("change", "Your commission is 35% instead of 30%."),
        "block clicks": ("clicks", "120 clicks"),
        "block decision": ("decision", "Welcome! Your application is approved."),
        "block headline": ("headline", "Your affiliate account"),
        "block next_step": ("next_step", "Sign in to see your balance."),
        "block notice": ("notice", "We use these data for your affiliate account and for nothing else."),
        "block orders": ("orders", "3 orders"),
        "block outcome": ("outcome", "You were right."),
        "block payment": ("payment", "PayPal has paid you **$17.99**."),
        "block reason": ("reason", "The reason: you asked for it."),
        "block stop": ("stop", "If that was you, you don't need to do anything."),
        "code": ("code", "ALICE"),
        "earned": ("earned", "$53.97"),
        'link "admin:affiliates_objection_change" about.pk': ("objection", ""),
        'link "affiliates:portal"': ("portal", ""),
        'link "affiliates:portal_commission" about.commission.number': ("commission_page", ""),
        'link "affiliates:portal_commission" about.number': ("commission_page", ""),
        'link "affiliates:portal_endpoint" about.pk': ("endpoint", ""),
        'link "affiliates:portal_payouts"': ("payouts", ""),
        'link "affiliates:portal_profile"': ("profile", ""),
        'link "affiliates:terms"': ("terms", ""),
        'link "privacy:policy"': ("policy", ""),
        'month|date:"F Y"': ("month", "November 2026"),
        "name": ("name", "Alice"),
        "program": ("program", "AffiliateWP"),
        "text|markdown": ("text", "We pay in **January**."),
        "title": ("title", "Holidays"),
        "version.changes|linebreaks": ("changes", "The hold is 30 days instead of 14."),
        'version.effective_from|date:"F j, Y"': ("effective_day", "January 15, 2027"),
        "version.number": ("version", "4"),
    },
    required="answer due_day reason text changes effective_day",
)

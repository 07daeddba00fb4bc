"""Vocabulary of the registry: purposes of personal data, audiences, contact channels and reasons for refusal."""

from django.db import models


class Purpose(models.TextChoices):
    ANSWER_INQUIRY = "answer_inquiry", "answering a question"
    QUOTE = "quote", "preparing a quote"
    QUOTE_REMINDERS = "quote_reminders", "reminding clients of a quote"
    ORDER = "order", "fulfilling an order"
    RELEASE_NEWS = "release_news", "telling buyers about new versions"
    REFERRAL_TRACKING = "referral_tracking", "paying commission on referral sales"
    AFFILIATE_ACCOUNT = "affiliate_account", "running an affiliate's account"
    AFFILIATE_NEWS = "affiliate_news", "telling affiliates about their sales"
    TAX_REPORTING = "tax_reporting", "reporting payments to affiliates to the tax office"
    STAFF_ACCOUNT = "staff_account", "signing staff in"
    PRIVACY_REQUEST = "privacy_request", "answering a privacy request"
    POLICY_NOTICE = "policy_notice", "notifying people of changes to this policy"
    SITE_TRAFFIC = "site_traffic", "counting visits"
    LEGAL_OBLIGATION = "legal_obligation", "keeping legally required records"


# Purpose of newsletters → the purpose the address was given for. People who opt out of the newsletter still get the
# mail their account requires; people who opt out of that get no newsletter either.
NEWS_OF: dict[Purpose, Purpose] = {
    Purpose.AFFILIATE_NEWS: Purpose.AFFILIATE_ACCOUNT,
    Purpose.RELEASE_NEWS: Purpose.ORDER,
    Purpose.QUOTE_REMINDERS: Purpose.QUOTE,
}


class Audience(models.TextChoices):
    """Who may see personal data or information derived from it."""

    SITE = "site", "nobody"  # code processes it, and the result identifies no one
    PERSON = "person", "you"
    STAFF = "staff", "our staff"
    AFFILIATE = "affiliate", "the affiliate"
    PAYPAL = "paypal", "PayPal"


class Channel(models.TextChoices):
    EMAIL = "email", "email"
    PHONE = "phone", "phone"
    LETTER = "letter", "letter"


class Refusal(models.TextChoices):
    """Why a contact is not permitted."""

    REASON_GONE = "reason_gone", "the reason was deleted"
    REASON_CLOSED = "reason_closed", "the reason no longer applies"
    TIME_OVER = "time_over", "the reason has expired"
    OTHER_PURPOSE = "other_purpose", "the address was given for something else"
    CHANNEL = "channel", "the channel is not allowed for this purpose"
    NO_ADDRESS = "no_address", "no contact details are known"
    OPTED_OUT = "opted_out", "the person opted out"
    UNDELIVERABLE = "undeliverable", "the address is undeliverable"
    UNREADABLE = "unreadable", "the address is invalid"
    NOT_IN_EFFECT = "not_in_effect", "the policy in effect does not cover the purpose yet"

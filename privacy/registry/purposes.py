"""The purposes for which personal data may be kept, who may learn of it, and by which channels a person is reached."""

from django.db import models


class Purpose(models.TextChoices):
    ANSWER_INQUIRY = "answer_inquiry", "answering a question"
    QUOTE = "quote", "preparing a quote"
    ORDER = "order", "fulfilling an order"
    REFERRAL_TRACKING = "referral_tracking", "paying commission on referral sales"
    AFFILIATE_ACCOUNT = "affiliate_account", "running an affiliate's account"
    AFFILIATE_NEWS = "affiliate_news", "telling affiliates about their sales"
    STAFF_ACCOUNT = "staff_account", "signing staff in"
    PRIVACY_REQUEST = "privacy_request", "answering a privacy request"
    POLICY_NOTICE = "policy_notice", "telling people about a change of this policy"
    SITE_TRAFFIC = "site_traffic", "counting visits"
    LEGAL_OBLIGATION = "legal_obligation", "keeping records that the law asks for"


# News → what the address was given for. Whoever stops the news goes on getting the mail that the account itself takes;
# whoever stops that gets no news either.
NEWS_OF: dict[Purpose, Purpose] = {Purpose.AFFILIATE_NEWS: Purpose.AFFILIATE_ACCOUNT}


class Audience(models.TextChoices):
    """Who gets to see personal data, or what was made of it."""

    SITE = "site", "nobody"  # code works with it, and what it makes of it names no one
    PERSON = "person", "you"
    STAFF = "staff", "our staff"
    AFFILIATE = "affiliate", "the affiliate"
    PAYPAL = "paypal", "PayPal"


class Channel(models.TextChoices):
    EMAIL = "email", "e-mail"
    PHONE = "phone", "telephone"
    LETTER = "letter", "letter"


class Refusal(models.TextChoices):
    """Why somebody is not contacted."""

    REASON_GONE = "reason_gone", "what it was about is gone"
    REASON_CLOSED = "reason_closed", "its reason is no longer open"
    TIME_OVER = "time_over", "the time for which its reason is kept is over"
    OTHER_PURPOSE = "other_purpose", "the address was given for something else"
    CHANNEL = "channel", "the channel is not used for this purpose"
    NO_ADDRESS = "no_address", "nothing is known to reach the person by"
    OPTED_OUT = "opted_out", "the person opted out"
    UNDELIVERABLE = "undeliverable", "mail to the address comes back"
    UNREADABLE = "unreadable", "the address can't be mailed"
    NOT_IN_EFFECT = "not_in_effect", "the policy in effect does not cover the purpose yet"

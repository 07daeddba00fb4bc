"""The promises of the privacy policy, and how each is enforced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import lazy


@dataclass(frozen=True)
class Promise:
    """`id` never changes; `sentence` is the policy's text; `control` describes the enforcement in plain words.

    `test` is the file of the test that fails without the control.
    """

    id: str
    title: str
    sentence: str
    control: str
    test: str


def by_consent(*, signal: str, ask: str, link: str) -> str:
    """The wording for this site's `AFFILIATE_CONSENT`, which is read when the text is."""
    text: str = lazy(_wording, str)({"signal": signal, "ask": ask, "link": link})
    return text


def _wording(wordings: Mapping[str, str]) -> str:
    return wordings[settings.AFFILIATE_CONSENT]


PROMISES = (
    Promise(
        "contactable",
        "You can reach us",
        "You can reach us by email, contact form, phone and letter.",
        "Your message is stored first, whichever way it came (email, form, call or letter), and only then answered or "
        "confirmed, so that no message is lost.",
        "tests/contacts/inquiries/test_contact_form.py",
    ),
    Promise(
        "direct-visits-domain-only",
        "Direct visits are anonymous",
        "If you visit us directly, the most we recognize is the domain name of your network, never an email address.",
        "Your network's domain is looked up in memory and counted; your IP address is discarded immediately. No "
        "database table has a column for it, and the server's log omits it.",
        "tests/traffic/test_no_stored_addresses.py",
    ),
    Promise(
        "domains-count-traffic-only",
        "Domain names only count visits",
        "We use domain names to count visits, and for nothing else.",
        "We store daily totals only: nothing in the database links them to a person or a visit.",
        "tests/traffic/test_traffic_evidence.py",
    ),
    Promise(
        "referral-30-days",
        "A referral lasts 30 days",
        by_consent(
            signal="If you come through an affiliate link, we keep your IP address and a cookie for 30 days and then "
            "delete both.",
            ask="If you come through an affiliate link, we ask whether we may remember it. Only after a yes do we keep "
            "your IP address and a cookie, for 30 days, and then delete both.",
            link="If you come through an affiliate link, we keep neither your IP address nor a cookie. The addresses "
            "of our pages say which affiliate sent you, and count for 30 days.",
        ),
        by_consent(
            signal="Every visit is stored with an expiry time. After that it is unreadable, and an hourly purge "
            "deletes it.",
            ask="Before a yes, nothing is stored: the code that stores a visit or sets its cookie refuses to. Every "
            "visit is stored with an expiry time. After that it is unreadable, and an hourly purge deletes it.",
            link="The code that stores a visit or sets its cookie refuses to. A signed token in our own links names "
            "the affiliate and the minute, nothing about you, and is ignored once it is 30 days old.",
        ),
        "tests/privacy/keystore/test_day_keys.py",
    ),
    Promise(
        "referral-for-commission-only",
        "Referral data is only used to pay commission",
        "What we store about your visit through an affiliate link is only used to pay the affiliate for a sale. "
        "The affiliate sees how many visits there were, never whose.",
        "Only code that is declared to pay commission, count visits or answer you can read a visit. Any other code "
        "gets an error.",
        "tests/privacy/evidence/test_purpose_bound.py",
    ),
    Promise(
        "not-shared",
        "Your visit is not shared",
        "We share no cookies and no visitor data with third parties.",
        "No page loads scripts, styles, fonts or images from other sites; a strict Content-Security-Policy makes "
        "browsers refuse them.",
        "tests/site/http/test_public_pages.py",
    ),
    Promise(
        "email-for-asked-contact-only",
        "We only email you for a reason you gave us",
        "We email you only because you contacted us, bought something or work with us. We send no advertising.",
        "All email passes a single gate, which requires a reason for each message and refuses those without one.",
        "tests/privacy/mail/test_mail_gate.py",
    ),
    Promise(
        "correspondence-private",
        "Your correspondence stays private",
        "Our correspondence and business with you stay private.",
        "Messages are encrypted before they are stored. Only signed-in staff can open them, and each access is "
        "recorded in a tamper-evident log.",
        "tests/privacy/audit/test_staff_reads.py",
    ),
    Promise(
        "opt-out",
        "You can opt out",
        "You can tell us at any time to stop emailing, calling or sending letters.",
        "Opt-outs are checked at the moment a message is sent.",
        "tests/privacy/consent/test_opt_out_race.py",
    ),
    Promise(
        "postal-purpose",
        "Your postal address is only used for its purpose",
        "If you give us a postal address, we use it only for the purpose you gave it for.",
        "The letter list shows only people we may write to, and about what; other letters can't be recorded. The "
        "address is deleted with your message.",
        "tests/contacts/inquiries/test_calls_and_letters.py",
    ),
    Promise(
        "phone-purpose",
        "Your phone number is only used for expected calls",
        "If you give us a phone number, we call only about your quote, your order or your question.",
        "The call list shows only people we may call, and about what; other calls can't be recorded. The number is "
        "deleted with your message.",
        "tests/privacy/consent/test_permissions.py",
    ),
    Promise(
        "no-ad-servers",
        "No advertising networks",
        "We don't work with ad servers or advertising networks.",
        "No page references an ad network, and the Content-Security-Policy makes browsers refuse their content.",
        "tests/privacy/evidence/test_served_pages.py",
    ),
    Promise(
        "change-notice",
        "We notify you of changes first",
        "Before we use personal information in a new way, we notify everyone affected.",
        "The code blocks new details, new purposes and longer retention until a version of this policy covers them, "
        "and a version takes effect only once everyone affected was notified by email, phone or letter.",
        "tests/privacy/policy/test_evidence_of_changes.py",
    ),
    Promise(
        "access",
        "You can see everything",
        "On request, you get everything we store about you.",
        "One registry lists every place where data about you can be stored. Your archive is created from it "
        "immediately.",
        "tests/privacy/requests/test_access.py",
    ),
    Promise(
        "purpose-limitation",
        "Only for the stated purposes",
        "We use data only for the purposes stated on this page.",
        "The registry ties every database column to a purpose; the table below is generated from it.",
        "tests/privacy/registry/test_purpose_matrix.py",
    ),
    Promise(
        "paypal-only",
        "PayPal handles the money",
        "You pay at PayPal, over an encrypted connection. We never see your card number.",
        "No form on this site asks for a card, and text that looks like a card number is rejected. We store only "
        "PayPal's IDs, the amount and the status of a payment.",
        "tests/privacy/evidence/test_card_numbers.py",
    ),
    Promise(
        "legal-process-only",
        "We disclose data only if legally required",
        "We disclose your data to nobody unless a court or other legal process requires it.",
        "Exporting data for anyone else requires a recorded legal order, approved by a second person, and is logged.",
        "tests/privacy/disclosure/test_register.py",
    ),
    Promise(
        "encrypted",
        "Everything private is encrypted",
        "All personal and private data is encrypted and not publicly accessible.",
        "Values are encrypted before they reach the database; a check fails if a new column is not.",
        "tests/privacy/encryption/test_plaintext_never_reaches_the_database.py",
    ),
    Promise(
        "complaints",
        "You can complain",
        "If we don't follow this policy, you can complain to us, the Better Business Bureau, or your state's consumer "
        "protection office.",
        "Each complaint gets a reference number and a deadline for our answer.",
        "tests/contacts/inquiries/test_complaints.py",
    ),
)

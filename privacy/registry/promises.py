"""The promises of the privacy policy: what the page says, and what in the code makes it true."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """`id` never changes; `sentence` is the policy's own; `control` says what enforces it, in plain words.

    `test` is the file of the test that fails without the control.
    """

    id: str
    title: str
    sentence: str
    control: str
    test: str


PROMISES = (
    Promise(
        "contactable",
        "You can reach us",
        "You reach us by e-mail, by the form on our contact page, by telephone and by letter.",
        "The contact form stores your message before any mail is sent, so that none is lost on the way.",
        "tests/contacts/inquiries/test_contact_form.py",
    ),
    Promise(
        "direct-visits-domain-only",
        "If you come directly, we don't know who you are",
        "When you come here directly, the most we recognise is the domain name of your network. We never see "
        "an e-mail address.",
        "Your network's domain is looked up in memory and counted; the address is forgotten at once. No table of this "
        "site has a place for it, and the server's log leaves it out.",
        "tests/traffic/test_no_stored_addresses.py",
    ),
    Promise(
        "domains-count-traffic-only",
        "Domain names only count visits",
        "We count visits by domain name. Those names serve to count, and for nothing else.",
        "Counts are sums by day that stand by themselves: nothing in the database links them to a person or a visit.",
        "tests/traffic/test_traffic_evidence.py",
    ),
    Promise(
        "referral-30-days",
        "A referral lasts 30 days",
        "If you come through an affiliate's link, we keep your network address and a cookie for 30 days, and "
        "delete both then.",
        "Every visit is stored with its end. After that moment it can't be read any more, and an hourly "
        "purge deletes it.",
        "tests/privacy/keystore/test_day_keys.py",
    ),
    Promise(
        "referral-for-commission-only",
        "A referral pays a commission, and that is all",
        "What we keep about your visit through an affiliate's link serves to pay the affiliate for a sale, "
        "and nothing else. The affiliate sees how many visits there were, never whose.",
        "A visit opens only for code that is declared to pay commission, to count, or to answer you. Any other code "
        "that tries gets an error from the database's own door.",
        "tests/privacy/evidence/test_purpose_bound.py",
    ),
    Promise(
        "not-shared",
        "Nobody else learns of your visit",
        "We give cookies and visitor data to no third party.",
        "No page loads a script, style, font or picture from elsewhere; a strict Content-Security-Policy has "
        "browsers refuse any.",
        "tests/site/http/test_public_pages.py",
    ),
    Promise(
        "email-for-asked-contact-only",
        "Your e-mail address is for what you asked",
        "We write to you only because you asked us something, bought something or work with us. We send no "
        "advertising.",
        "One gate lets mail out. It wants the reason of each message and refuses those that have none.",
        "tests/privacy/mail/test_mail_gate.py",
    ),
    Promise(
        "correspondence-private",
        "What you write stays between us",
        "Our correspondence and business with you stay private.",
        "Messages are encrypted before they are stored. Only signed-in staff can open them, and each time is recorded "
        "in a chain that nobody can change unseen.",
        "tests/privacy/audit/test_staff_reads.py",
    ),
    Promise(
        "opt-out",
        "You can stop us",
        "You can tell us at any time to stop writing, calling or sending letters.",
        "A wish to be left alone is checked at the very moment a message would leave.",
        "tests/privacy/consent/test_opt_out_race.py",
    ),
    Promise(
        "postal-purpose",
        "A postal address brings what you gave it for",
        "If you give us a postal address, it brings you what you gave it for, and nothing else.",
        "The list of letters to write shows only who may be written to, and about what; a letter for anything else "
        "can't be entered. The address goes when your message goes.",
        "tests/contacts/inquiries/test_calls_and_letters.py",
    ),
    Promise(
        "phone-purpose",
        "A telephone number brings only the call you expect",
        "If you give us a telephone number, we call only about your quote, your order or what you asked.",
        "The list of calls to make shows only who may be called, and about what; a call about anything else "
        "can't be entered. The number goes when your message goes.",
        "tests/privacy/consent/test_permissions.py",
    ),
    Promise(
        "no-ad-servers",
        "No advertising networks",
        "We work with no ad server and no advertising network.",
        "No page names an ad network, and the same Content-Security-Policy would have browsers refuse anything they "
        "send.",
        "tests/privacy/evidence/test_served_pages.py",
    ),
    Promise(
        "change-notice",
        "You hear of changes first",
        "Before we use personal information in a new way, we tell everybody whom it concerns.",
        "A new detail, another purpose or a longer time stays closed in the code until a version of this page "
        "covers it, and that takes effect only when each person concerned was told by mail, call or letter.",
        "tests/privacy/policy/test_evidence_of_changes.py",
    ),
    Promise(
        "access",
        "You can see everything",
        "If you ask, you get everything we keep about you.",
        "One registry lists every place where something about you can be. The answer is made from it, at once.",
        "tests/privacy/requests/test_access.py",
    ),
    Promise(
        "purpose-limitation",
        "Only for what it says here",
        "We use data for the purposes named on this page and for no other.",
        "The registry ties every column of the database to one purpose; the table below is printed from it.",
        "tests/privacy/registry/test_purpose_matrix.py",
    ),
    Promise(
        "paypal-only",
        "PayPal handles the money",
        "Payments are made at PayPal, over an encrypted connection. We never see the number of a card.",
        "No form of this site asks for a card, and what looks like a card's number is not taken. Of a payment we keep "
        "PayPal's numbers, the amount and the state.",
        "tests/privacy/evidence/test_card_numbers.py",
    ),
    Promise(
        "legal-process-only",
        "We disclose nothing, unless a court makes us",
        "We hand your data to nobody, unless a court or another legal process requires it.",
        "An export for anybody else needs the order of a court, entered and approved by two people; each is on record.",
        "tests/privacy/disclosure/test_register.py",
    ),
    Promise(
        "encrypted",
        "Everything private is encrypted",
        "All personal and private data is encrypted and can't be reached by the public.",
        "Values are sealed before they reach the database; a check fails when a new column is forgotten.",
        "tests/privacy/encryption/test_plaintext_never_reaches_the_database.py",
    ),
    Promise(
        "complaints",
        "You can complain",
        "If we don't keep to this policy, tell us, the Better Business Bureau, or the consumer protection "
        "office of your state.",
        "A complaint gets a number and a date by which we must answer.",
        "tests/contacts/inquiries/test_complaints.py",
    ),
)

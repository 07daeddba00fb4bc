"""What affiliates type into the portal: a label, an objection, their details; and a card number into each of them."""

from __future__ import annotations

from urllib.parse import urlsplit

from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal
from shop.probes.cards import submit_card_number_in_every_field

from .people import AFFILIATE, RIVAL, Partner
from .visits import BUYER

LABEL = "label of the affiliate's"


@probe("encrypted", stage=Stage.PLANT)
def affiliates_type_on_the_portal(rehearsal: Rehearsal) -> None:
    rehearsal.expect(BUYER in rehearsal.things, "each affiliate has brought a sale")
    for who in (AFFILIATE, RIVAL):
        declare_label(rehearsal, rehearsal.things[who])
        object_to_a_line(rehearsal, rehearsal.things[who])
        rehearsal.tried(2)


@probe("paypal-only", stage=Stage.PLANT)
def no_form_of_the_portal_takes_the_number_of_a_card(rehearsal: Rehearsal) -> None:
    browser = rehearsal.things[AFFILIATE].browser
    forms = {
        "profile/details/": "Save",
        "labels/": "Save this link",
        "links/": "Link to this page",
        "profile/payouts/": "Pay me at this address",
        "profile/code/": "Use this code",
        "profile/legal/": "Save",
        "endpoints/": "Add this endpoint",
    }
    for page, button in forms.items():
        submit_card_number_in_every_field(rehearsal, lambda: browser, f"/affiliates/portal/{page}", button)
    line = first_line(rehearsal, rehearsal.things[RIVAL])
    submit_card_number_in_every_field(
        rehearsal, lambda: rehearsal.things[RIVAL].browser, line, "Object to this commission"
    )


def declare_label(rehearsal: Rehearsal, partner: Partner) -> None:
    label = rehearsal.canary(partner.who, "label").rstrip("Ö").lower()
    partner.browser.open("/affiliates/portal/labels/")
    partner.browser.submit("Save this link", name=label)
    rehearsal.expect(label in partner.browser.text, "an affiliate can declare a label")
    rehearsal.things[f"{LABEL} {partner.who}"] = label


def first_line(rehearsal: Rehearsal, partner: Partner) -> str:
    """The receipt of the newest commission."""
    page = partner.browser.open("/affiliates/portal/commissions/")
    lines = [urlsplit(str(link["href"])).path for link in page.select("main table a[href]")]
    rehearsal.expect(lines, "a sale brings a commission")
    return lines[0]


def object_to_a_line(rehearsal: Rehearsal, partner: Partner) -> None:
    partner.browser.open(first_line(rehearsal, partner))
    partner.browser.submit("Object to this commission", text=rehearsal.canary(partner.who, "objection"))
    rehearsal.expect("We&#x27;ll review it" in partner.browser.html, "an affiliate can object")

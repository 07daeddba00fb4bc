"""Card numbers typed into the site's forms, and payer data that only PayPal should have."""

from __future__ import annotations

import re
from collections.abc import Callable

from bs4 import BeautifulSoup

from privacy.evidence.rehearsal.canaries import canary
from privacy.evidence.rehearsal.card_numbers import STRANGER, card_of, in_groups
from privacy.evidence.rehearsal.opened_texts import opened_texts
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser

from .products import SERVICE

PUBLIC_FORMS = {
    f"/checkout/{SERVICE}/": "Continue to PayPal",
    "/contact/": "Send the message",
    "/affiliates/apply/": "Send the application",
    "/affiliates/apply/link/": "Send it again",
    "/privacy/request/": "Send me the link",
    "/accounts/password/": "Send me the link",
    "/orders/find/": "Send me the links",
}
TYPED = "input:not([type]), input[type=text], input[type=email], input[type=url], input[type=tel], textarea"
ASKS_FOR_A_CARD = re.compile(r'autocomplete="cc-|name="(card|cc|cvc|cvv|pan)([_-]?(number|no))?"', re.IGNORECASE)


@probe("paypal-only", stage=Stage.PLANT)
def no_public_form_accepts_a_card_number(rehearsal: Rehearsal) -> None:
    for address, button in PUBLIC_FORMS.items():
        submit_card_number_in_every_field(rehearsal, lambda: rehearsal.browser(STRANGER), address, button)


@probe("paypal-only", stage=Stage.LOOK)
def no_card_number_is_stored(rehearsal: Rehearsal) -> None:
    """Searches everything that this run stored, sealed values included."""
    card = card_of(rehearsal)
    for place, text in opened_texts():
        rehearsal.searched("paypal-only")
        if card in re.sub(r"[\s-]", "", text):
            rehearsal.breach("paypal-only", f"a card number in {place}")


@probe("paypal-only", stage=Stage.LOOK)
def no_payer_data_is_stored(rehearsal: Rehearsal) -> None:
    """PayPal's webhook events name the payer; the stored payload must not."""
    payers = [each.word.rstrip("Ö") for each in rehearsal.canaries if not each.kept and each.what.endswith("at PayPal")]
    rehearsal.expect(payers, "somebody has paid at PayPal")
    for place, text in opened_texts():
        rehearsal.searched("paypal-only")
        if any(payer in text for payer in payers):
            rehearsal.breach("paypal-only", f"who paid at PayPal in {place}")


@probe("paypal-only", stage=Stage.END)
def no_page_asks_for_a_card_number(rehearsal: Rehearsal) -> None:
    """Checks every page seen during the run."""
    for seen in rehearsal.seen:
        rehearsal.searched("paypal-only")
        if ASKS_FOR_A_CARD.search(seen.body.decode(errors="replace")):
            rehearsal.breach("paypal-only", f"a field for a card on {seen.route or 'a page'}")


def submit_card_number_in_every_field(
    rehearsal: Rehearsal, browser: Callable[[], SiteBrowser], address: str, button: str = "", **more: str
) -> None:
    """Sends the form once per text field, with the number in that field and valid values in the others."""
    card, visitor = card_of(rehearsal), browser()
    for name in names_of(visitor.open(address), button):
        fits = {each: what_fits(each) for each in names_of(visitor.page, button)}
        choices = {"kind": "question"} if visitor.page.select("[name=kind][value=question]") else {}
        typed = f"{card}@example.org" if "email" in name else in_groups(card)
        visitor.submit(button, **{**fits, **choices, "terms": "on", **more, name: typed})
        rehearsal.tried()
        visitor = browser()
        visitor.open(address)


def names_of(page: BeautifulSoup, button: str) -> list[str]:
    """The text fields of the form with this button."""
    forms = [form for form in page.find_all("form") if any(button in each.get_text() for each in form("button"))]
    shown = [form for form in forms if form.find_parent("header") is None]
    return [str(field["name"]) for field in shown[0].select(TYPED) if field.get("name")] if shown else []


def what_fits(name: str) -> str:
    if name == "email":
        return f"{canary().rstrip('Ö').lower()}@example.org"
    return {"website": "https://rehearsed.example/", "phone": "+1 805 555 7193", "code": "", "extra": ""}.get(
        name, "As it should be"
    )

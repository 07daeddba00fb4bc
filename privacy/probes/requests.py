"""Privacy requests of every kind, on the page and by letter, and staff's answers."""

from __future__ import annotations

from typing import Any

from privacy.admin_base.staff_roles import Role
from privacy.evidence.rehearsal.cast import NO_ROLE, OWNER, STAFF
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser
from privacy.models import PrivacyRequest

LIST = "/admin/privacy/privacyrequest/"
ASKERS = "people who asked"  # key in `things`: addresses of requesters by kind of request


@probe("correspondence-private", stage=Stage.PLANT)
def people_ask_on_the_page(rehearsal: Rehearsal) -> None:
    """Submits a request of each kind, with private details and, if the policy allows it, a phone number."""
    rehearsal.things[ASKERS] = {}
    for kind in PrivacyRequest.Kind.values:
        asker = rehearsal.browser(f"asker for {kind}")
        address = rehearsal.things[ASKERS][kind] = rehearsal.address(asker.who)
        ask(rehearsal, asker, kind, address)
        rehearsal.tried()


def ask(rehearsal: Rehearsal, asker: SiteBrowser, kind: str, address: str) -> None:
    page = asker.open(f"/privacy/request/?kind={kind}")
    phone = {"phone": rehearsal.phone(asker.who)} if page.select_one("[name=phone]") else {}
    asker.submit("Send me the link", kind=kind, email=address, details=rehearsal.canary(asker.who, "details"), **phone)
    rehearsal.expect("We received your request" in asker.text, f"a request ({kind}) is taken")


@probe("complaints", stage=Stage.PLANT)
def each_complaint_has_a_number_and_a_day(rehearsal: Rehearsal) -> None:
    """Complaints from one address beyond the mail limits: staff see all of them, each with a deadline."""
    who = "complainer"
    asker, address = rehearsal.browser(who), rehearsal.address(who)
    officer = rehearsal.things[STAFF][Role.PRIVACY_OFFICER].browser
    for count in range(5):
        ask(rehearsal, asker, "complaint", address)
        rehearsal.tried()
        rows = officer.open(f"{LIST}?q={address}").select("#result_list tbody tr")
        if len(rows) <= count:
            rehearsal.breach("complaints", "a complaint is lost")
        if any(not day.get_text(strip=True).strip("–-") for row in rows for day in row.select(".field-due")):
            rehearsal.breach("complaints", "a complaint has no deadline")


@probe("complaints", "correspondence-private", stage=Stage.PLANT)
def staff_answer_a_complaint(rehearsal: Rehearsal) -> None:
    """The answer is emailed to the person only."""
    address, who = rehearsal.things[ASKERS]["complaint"], "asker for complaint"
    officer, asker = rehearsal.things[STAFF][Role.PRIVACY_OFFICER].browser, rehearsal.people[who]
    asker.open(rehearsal.link_in(rehearsal.mail(address, "confirm your privacy request")))
    asker.submit("Confirm my address")
    officer.open_first_row(f"{LIST}?q={address}")
    step(officer, "Answer", text=rehearsal.canary(who, "answer"))
    rehearsal.expect(rehearsal.mail(address, "Our answer to your request"), "the answer to a complaint is mailed")
    rehearsal.tried()


@probe("correspondence-private", stage=Stage.PLANT)
def staff_enter_a_request_that_came_by_letter(rehearsal: Rehearsal) -> None:
    who, officer = "asker by letter", rehearsal.things[STAFF][Role.PRIVACY_OFFICER].browser
    officer.open(f"{LIST}add/")
    words = {"contact": rehearsal.canary(who, "contact"), "details": rehearsal.canary(who, "details")}
    officer.submit("Save", **words, kind="access", channel="letter", email=rehearsal.address(who), identity="documents")
    rehearsal.expect("The request was recorded." in officer.text, "staff can enter a request")
    rehearsal.tried()


def step(staff: SiteBrowser, label: str, **fields: Any) -> None:
    """Presses a button on a request's page and confirms it."""
    staff.follow(label)
    staff.submit(label, **fields)


@probe("email-for-asked-contact-only", stage=Stage.PLANT)
def somebody_asks_for_a_link_to_a_strangers_choices(rehearsal: Rehearsal) -> None:
    """The link goes to the address only; the page reveals nothing."""
    asker = rehearsal.browser("asker for choices")
    asker.open("/privacy/choices/")
    asker.submit("Send me the link", email=rehearsal.address(asker.who))
    rehearsal.tried()


@probe("correspondence-private", stage=Stage.BREAK_IN)
def a_colleague_without_the_role_reads_nothing(rehearsal: Rehearsal) -> None:
    """A staff member without a role opens each list of personal rows and its first row."""
    owner = rehearsal.things[STAFF][OWNER].browser
    colleague = rehearsal.things[STAFF][NO_ROLE].browser
    for address in ("/admin/contacts/inquiry/", LIST, "/admin/accounts/user/", "/admin/shop/order/"):
        owner.open_first_row(address)
        for page in (address, owner.url):
            colleague.send("get", page if page.startswith("http") else f"{colleague.base}{page}")
            rehearsal.tried()
            if colleague.status == 200:
                rehearsal.breach("correspondence-private", f"{address} opens to staff without a role")

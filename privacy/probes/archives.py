"""Access archives contain everything about their person, and nothing about anyone else."""

from __future__ import annotations

import secrets
from collections import defaultdict

from django.urls import reverse

from privacy.evidence.rehearsal.canaries import Canary, CanaryKind
from privacy.evidence.rehearsal.mailboxes import mailbox
from privacy.evidence.rehearsal.personal_data_map import Column, sealed_addresses, stored_canaries
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser
from privacy.evidence.rehearsal.search import Search
from privacy.registry.declarations import PersonalData, declaration_for

SUBJECT = "confirm your privacy request"


@probe("email-for-asked-contact-only", stage=Stage.BREAK_IN)
def an_address_in_other_letters_gets_its_mail_where_it_is_stored(rehearsal: Rehearsal) -> None:
    """A stranger enters another person's address with swapped case."""
    people = {owner: addresses for owner, addresses in owners_of_addresses(rehearsal).items() if len(addresses) == 1}
    rehearsal.expect(people, "somebody's address is kept")
    for owner in secrets.SystemRandom().sample([*people], min(2, len(people))):
        stranger, [address] = rehearsal.browser("stranger"), people[owner]
        local, _, domain = address.rpartition("@")
        for form, fields in ((reverse("privacy:request"), {"kind": "access"}), (reverse("privacy:choices_link"), {})):
            stranger.open(form)
            stranger.submit("Send me the link", email=f"{local.swapcase()}@{domain.upper()}", **fields)
            rehearsal.tried()


@probe("access", stage=Stage.ASK)
def an_archive_holds_everything_about_its_person(rehearsal: Rehearsal) -> None:
    search = Search(rehearsal.canaries)
    kept, people = stored_canaries(search, of_somebody=True), owners_of_addresses(rehearsal)
    rehearsal.expect(people, "somebody's address is kept")
    for owner, addresses in people.items():
        browser, given, answered = rehearsal.browser(owner), set[Canary](), True
        for address in addresses:
            answered &= ask_for_archive(browser, address)
            given |= search.found_in(browser.content)
            rehearsal.tried()
        for canary, columns in kept.items():
            expected = answered and canary.owner == owner and canary.kind is not CanaryKind.KEY
            if expected and canary not in given and (named := given_by(columns)):
                rehearsal.breach("access", f"the {canary.what} of the {owner} ({named}) is not in the archive")


def owners_of_addresses(rehearsal: Rehearsal) -> dict[str, list[str]]:
    """Addresses of each person, one per mailbox."""
    stored = {mailbox(address): address for address, _ in sealed_addresses()}
    people: dict[str, list[str]] = defaultdict(list)
    for address in stored.values():
        for owner in rehearsal.owners_of(address):
            people[owner].append(address)
    return people


def given_by(columns: set[Column]) -> str:
    """The columns that an archive has to include, as `table.column`; empty if all are withheld."""
    named = []
    for model, name in columns:
        declaration = declaration_for(model._meta.db_table)
        if not (isinstance(declaration, PersonalData) and name in declaration.withheld):
            named.append(f"{model._meta.db_table}.{name}")
    return ", ".join(sorted(named))


def ask_for_archive(browser: SiteBrowser, address: str) -> bool:
    """Requests an archive with the form, the emailed link and its button, and downloads it. False if the link went to
    someone else. Raises `NotAsExpected`."""
    rehearsal = browser.rehearsal
    before = sum(SUBJECT in str(mail["Subject"]) for mail in rehearsal.mails())
    browser.open(reverse("privacy:request"))
    browser.submit("Send me the link", email=address, kind="access")
    went_to = [str(mail["To"]) for mail in rehearsal.mails() if SUBJECT in str(mail["Subject"])]
    own = [to for to in went_to if mailbox(to) == mailbox(address)]  # in the spelling that is stored
    if not own and len(went_to) > before:
        rehearsal.breach("correspondence-private", "a link for one person was mailed to another who looks alike")
        return False
    rehearsal.expect(own, "whoever asks for everything is mailed a link")
    browser.open(rehearsal.link_in(rehearsal.mail(own[-1], SUBJECT)))
    browser.submit("Create my archive")
    browser.follow("Download the archive")
    rehearsal.expect(browser.content.startswith(b"PK"), "an archive can be downloaded")
    return True

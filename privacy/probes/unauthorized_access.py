"""Unauthorized access: a thief tries values from stolen databases at every URL; strangers try other people's pages."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse

from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SeenResponse, SiteBrowser
from privacy.evidence.rehearsal.stolen_copy import Door, Value, doors, stolen_values

from .pages import THIEF

CHANCE = secrets.SystemRandom()
PUBLIC = {
    "go",
    "go_to",
    "product",
    "checkout",
    "version",
    "creative_image",
}  # anyone who knows the value may see the page
BEHIND_A_SIGN_IN = ("admin/", "affiliates/portal/", "accounts/security/")
PER_DOOR = 4  # values per URL, in addition to IDs of the URL's own app
OF_OTHERS = 40  # pages of signed-in users that a stranger tries


@probe("encrypted", stage=Stage.BREAK_IN)
def nothing_in_a_stolen_database_opens_a_door(rehearsal: Rehearsal) -> None:
    values, thief = stolen_values(), rehearsal.browser(THIEF)
    for door in doors():
        if not door.route.startswith(BEHIND_A_SIGN_IN) and door.pattern.name not in PUBLIC:
            for place in door.places():
                try_door(thief, door, place, values)


def try_door(thief: SiteBrowser, door: Door, place: str, values: list[Value]) -> None:
    """Compares the response to a stolen value with the response to nonsense."""
    really = {"purpose": "order", "kind": "access"}
    for method in ("get", "post"):
        usual = answer_to(thief, method, door.path(place, door.nonsense(place), really))
        for value in chosen(values, door, place) if method == "get" else CHANCE.sample(values, 1):
            path = door.path(place, value.text, really)
            if not door.takes(place, value.text) or not door.is_at(path):
                continue
            thief.rehearsal.tried()
            answer = answer_to(thief, method, path)
            if answer != usual and answer != answer_to(thief, method, door.path(place, alike(value.text), really)):
                thief.rehearsal.breach("encrypted", f"{value.table}.{value.column} opens {door.route}")


def chosen(values: list[Value], door: Door, place: str) -> list[Value]:
    """IDs in the tables of the URL's app, and a sample of all others."""
    near = [value for value in values if value.names_something and value.table.startswith(f"{door.app}_")]
    return near + CHANCE.sample(values, min(PER_DOOR, len(values)))


def alike(text: str) -> str:
    """Nonsense of the same format, because a page may treat well-formed values differently."""
    same = {form_of(one): [each for each in text if form_of(each) == form_of(one)] for one in text}
    return text[:2] + "".join(secrets.choice(same[form_of(one)]) for one in text[2:])


def form_of(character: str) -> tuple[bool, bool, str]:
    return character.isdigit(), character.isupper(), "" if character.isalnum() else character


def answer_to(thief: SiteBrowser, method: str, path: str) -> tuple[int, str]:
    """Status and page title of the response."""
    thief.send(method, urljoin(thief.base, path))
    title = thief.content.partition(b"<title>")[2].partition(b"</title>")[0]
    return thief.status, title.decode(errors="replace")


@probe("encrypted", stage=Stage.BREAK_IN)
def nothing_in_a_stolen_database_is_a_session(rehearsal: Rehearsal) -> None:
    home = reverse("accounts:home")
    values = stolen_values(rows=4)
    sessions = [value for value in values if "session" in value.table]
    for value in sessions + CHANCE.sample(values, min(30, len(values))):
        thief = rehearsal.browser(THIEF)
        thief.client.cookies[settings.SESSION_COOKIE_NAME] = value.text
        thief.send("get", urljoin(thief.base, home))
        rehearsal.tried()
        if "/login/" not in thief.url and thief.status == 200:
            rehearsal.breach("encrypted", f"{value.table}.{value.column} is a session")


@probe("correspondence-private", stage=Stage.BREAK_IN)
def a_stranger_opens_no_page_of_those_who_signed_in(rehearsal: Rehearsal) -> None:
    stranger = rehearsal.browser("stranger")
    for seen in pages_behind_a_sign_in(rehearsal):
        stranger.open(seen.path)
        rehearsal.tried()
        if stranger.status == 200 and "/login/" not in stranger.url:
            rehearsal.breach("correspondence-private", f"{seen.route} opens without signing in")


def pages_behind_a_sign_in(rehearsal: Rehearsal) -> Iterator[SeenResponse]:
    """One page per route, for a random sample of routes."""
    found = {
        seen.route: seen
        for seen in rehearsal.seen
        if seen.user and seen.status == 200 and seen.method == "GET" and seen.route.startswith(BEHIND_A_SIGN_IN)
    }
    rehearsal.expect(found, "somebody who signed in has opened pages")
    return iter(CHANCE.sample([*found.values()], min(OF_OTHERS, len(found))))

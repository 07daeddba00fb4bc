"""Programs read the API with tokens that affiliates and staff make; strangers, rivals and thieves try to.

What a program is shown is searched for other people's data like any page, under the name of the token's owner.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from accounts.probes.staff import staff
from affiliates.probes.people import AFFILIATE, RIVAL
from api.endpoints.all import ENDPOINTS, OWN
from api.endpoints.base import ApiEndpoint
from api.models import ApiToken
from api.scopes import OWN as OWN_SCOPES
from api.scopes import PERMISSIONS, Scope
from privacy.admin_base.staff_roles import Role
from privacy.evidence.rehearsal.cast import OWNER
from privacy.evidence.rehearsal.entry_points import without_probe
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser

without_probe("address api/v1/<path:unknown>", because="It says that there is nothing at an address, and nothing else.")

PORTAL, ADMIN = "/affiliates/portal/api/", "/admin/api/tokens/"
TOKENS = "API tokens, by owner"  # in `things`
THIEF = "thief of the API"
SHOWN = re.compile(r"api_[A-Za-z0-9_-]{43}")
PRIVATE = "correspondence-private"


@probe(PRIVATE, "encrypted", stage=Stage.PLANT)
def programs_get_tokens(rehearsal: Rehearsal) -> None:
    made: dict[str, str] = {}
    for who in (AFFILIATE, RIVAL):
        made[who] = make(rehearsal, rehearsal.things[who].browser, PORTAL, OWN_SCOPES)
    made[OWNER] = make(rehearsal, staff(rehearsal)[OWNER].browser, ADMIN, PERMISSIONS)
    made[Role.SHOP] = make(rehearsal, staff(rehearsal)[Role.SHOP].browser, ADMIN, [Scope.ORDERS, Scope.LICENSES])
    rehearsal.things[TOKENS] = made
    for who in (AFFILIATE, OWNER):
        browser = rehearsal.things[who].browser if who == AFFILIATE else staff(rehearsal)[who].browser
        page = PORTAL if who == AFFILIATE else ADMIN
        spare = make(rehearsal, browser, page, [Scope.LINKS] if who == AFFILIATE else [Scope.PAYOUTS])
        browser.open(page)
        browser.submit("Revoke")  # the newest comes first
        rehearsal.tried()
        if ask(browser, "links" if who == AFFILIATE else "staff/payouts", spare) != 401:
            rehearsal.breach("encrypted", "a revoked API token still reads")


def make(rehearsal: Rehearsal, browser: SiteBrowser, page: str, scopes: Iterable[Scope]) -> str:
    """Fills in the form. The name is a canary."""
    browser.open(page)
    name = rehearsal.canary(browser.who, "name of an API token")
    browser.submit("Make the token", name=name, scopes=[str(scope) for scope in scopes], days="365")
    shown = SHOWN.findall(browser.html)
    rehearsal.expect(shown, "a token can be made")
    browser.open(page)
    rehearsal.expect(name in browser.html, "the tokens are listed")
    if SHOWN.search(browser.html):
        rehearsal.breach("encrypted", "an API token is shown again")
    return str(shown[0])


def ask(browser: SiteBrowser, path: str, token: str) -> int:
    browser.open(f"/api/v1/{path}", headers={"Authorization": f"Bearer {token}"})
    return browser.status


@probe(PRIVATE, stage=Stage.LOOK)
def programs_read_what_their_owners_may_see(rehearsal: Rehearsal) -> None:
    """By the owners' browsers: cookies that come along change nothing."""
    tokens: dict[str, str] = rehearsal.things[TOKENS]
    for endpoint in OWN:
        for who in (AFFILIATE, RIVAL):
            rehearsal.expect(read(rehearsal, rehearsal.things[who].browser, endpoint, tokens[who]), endpoint.name)
    for endpoint in ENDPOINTS[len(OWN) :]:
        owner, shop = staff(rehearsal)[OWNER].browser, staff(rehearsal)[Role.SHOP].browser
        rehearsal.expect(read(rehearsal, owner, endpoint, tokens[OWNER]), endpoint.name)
        if read(rehearsal, shop, endpoint, tokens[Role.SHOP]) != (endpoint.scope in (Scope.ORDERS, Scope.LICENSES)):
            rehearsal.breach(PRIVATE, f"a token reads {endpoint.name} beyond its scopes")
        if read(rehearsal, rehearsal.things[AFFILIATE].browser, endpoint, tokens[AFFILIATE]):
            rehearsal.breach(PRIVATE, f"an affiliate's token reads {endpoint.name}")
    stranger = rehearsal.browser("stranger")
    for address in ("", "openapi.json"):
        stranger.open(f"/api/v1/{address}")


def read(rehearsal: Rehearsal, browser: SiteBrowser, endpoint: type[ApiEndpoint], token: str) -> bool:
    rehearsal.tried()
    return ask(browser, endpoint.path, token) == 200


@probe("encrypted", stage=Stage.BREAK_IN)
def nothing_in_a_stolen_database_is_a_token(rehearsal: Rehearsal) -> None:
    """Nor does a guess, a session, or an address of the API without a token open anything."""
    thief = rehearsal.browser(THIEF)
    stolen = [f"{value}" for row in ApiToken.objects.values_list("digest", "pk", "owner_id") for value in row]
    rehearsal.expect(stolen, "there are tokens to steal")
    alike = [f"api_{value.replace('-', '')[:43]:0<43}" for value in stolen]
    tries = [*stolen, *alike, f"api_{secrets.token_urlsafe(32)}"]
    for endpoint in ENDPOINTS:
        for value in secrets.SystemRandom().sample(tries, min(6, len(tries))):
            rehearsal.tried()
            if ask(thief, endpoint.path, value) == 200:
                rehearsal.breach("encrypted", f"a stolen value of api_apitoken opens {endpoint.name}")
        signed_in = rehearsal.things[RIVAL].browser if endpoint in OWN else staff(rehearsal)[OWNER].browser
        for browser in (rehearsal.browser("stranger"), signed_in):
            browser.open(f"/api/v1/{endpoint.path}")
            rehearsal.tried()
            if browser.status == 200:
                rehearsal.breach(PRIVATE, f"{endpoint.name} opens without a token")


@probe(PRIVATE, stage=Stage.BREAK_IN)
def nobody_revokes_a_token_of_others(rehearsal: Rehearsal) -> None:
    before = set(ApiToken.objects.values_list("pk", flat=True))
    rival, shop = rehearsal.things[RIVAL].browser, staff(rehearsal)[Role.SHOP].browser
    own = {rehearsal.things[RIVAL].address: rival, staff(rehearsal)[Role.SHOP].address: shop}
    for pk in before:
        for address, browser in own.items():
            page = PORTAL if browser is rival else ADMIN
            if ApiToken.objects.filter(pk=pk, owner__email_index=address).exists():
                continue
            browser.open(page)
            token = browser.page.select_one("[name=csrfmiddlewaretoken]")
            sent = {"csrfmiddlewaretoken": str(token["value"]) if token else ""}
            browser.send("post", f"{browser.base}{page}{pk}/revoke/", data=sent)
            rehearsal.tried()
    if before - set(ApiToken.objects.values_list("pk", flat=True)):
        rehearsal.breach(PRIVATE, "a token of somebody else's can be revoked")

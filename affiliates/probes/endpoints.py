"""An affiliate adds a webhook endpoint and presses each of its buttons; then another affiliate tries the same."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from django.utils import timezone

from affiliates.models import Endpoint, EndpointAttempt, EndpointDelivery, EventKind
from privacy.evidence.rehearsal.browser import defaults_of
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal

from .people import AFFILIATE, RIVAL
from .portal import PRIVATE

ADDRESS = "/affiliates/portal/endpoints/"
ENDPOINT = "endpoint of the affiliate's"
INWARD = (
    *("https://127.0.0.1/", "https://169.254.169.254/latest/meta-data", "https://localhost/", "https://[::1]/"),
    *("https://db.internal/", "https://router.local/"),
)
HOUR = timedelta(hours=1)
BUTTONS = ("", "test/", "pause/", "resume/", "secret/", "again/", "delete/")


@probe("encrypted", PRIVATE, stage=Stage.PLANT)
def an_affiliate_uses_an_endpoint(rehearsal: Rehearsal) -> None:
    """The server's name becomes one that leads nowhere, which the form refuses, so that nothing leaves this machine."""
    browser = rehearsal.things[AFFILIATE].browser
    path = rehearsal.canary(AFFILIATE, "endpoint").rstrip("Ö")
    browser.open(ADDRESS)
    browser.submit("Add this endpoint", url=f"https://hooks.example.com/{path}", kinds=["payout.paid"])
    rehearsal.expect("Your signing secret" in browser.text, "an affiliate can add an endpoint")
    browser.follow("I have copied it")
    page = rehearsal.things[ENDPOINT] = urlsplit(browser.url).path
    endpoint = Endpoint.objects.get(pk=page.split("/")[-2])
    endpoint.url = f"https://hooks.invalid/{path}"
    endpoint.save(update_fields=["url"])
    browser.submit("Save", kinds=["commission.created", "commission.reversed"])
    for button in ("Pause", "Resume", "Send a test event"):
        browser.submit(button)
    rehearsal.work()
    browser.open(page)
    rehearsal.expect("no public address was found" in browser.text, "an attempt at an endpoint is listed")
    deliveries = EndpointDelivery.objects.filter(endpoint=endpoint)
    for button in ("failed event again", "Replace the secret", "Send again"):
        # A minute later, as an event that is tried no more: a test is not sent again with the others.
        deliveries.update(kind=EventKind.PAYOUT_PAID, state=EndpointDelivery.State.DEAD)
        EndpointAttempt.objects.filter(delivery__in=deliveries).update(started_at=timezone.now() - HOUR)
        browser.open(page)
        browser.submit(button)
        rehearsal.work()
    rehearsal.tried(7)
    browser.open(ADDRESS)
    browser.submit("Add this endpoint", url="https://hooks.example.com/other", kinds=["payout.paid"])
    browser.follow("I have copied it")
    browser.submit("Delete this endpoint")
    rehearsal.expect("are deleted" in browser.html, "an affiliate can delete an endpoint")


@probe(PRIVATE, stage=Stage.PLANT)
def an_endpoint_leads_to_no_private_address(rehearsal: Rehearsal) -> None:
    browser = rehearsal.things[RIVAL].browser
    for url in INWARD:
        browser.open(ADDRESS)
        browser.submit("Add this endpoint", url=url, kinds=["payout.paid"])
        rehearsal.tried()
        if "Your signing secret" in browser.text:
            rehearsal.breach(PRIVATE, f"an endpoint at {url} can be added")


@probe(PRIVATE, stage=Stage.BREAK_IN)
def nobody_moves_the_endpoint_of_another(rehearsal: Rehearsal) -> None:
    rival, page = rehearsal.things[RIVAL].browser, rehearsal.things[ENDPOINT]
    for button in BUTTONS:
        form = rival.open(ADDRESS).select_one("main form")
        rehearsal.expect(form, "another affiliate has a form to send")
        rival.send("post", rival.base + page + button, data={**defaults_of(form), "kinds": ["payout.paid"]})
        rehearsal.tried()
        if rival.status != 404:
            rehearsal.breach(PRIVATE, f"the button {button or 'save'} of another affiliate's endpoint answers")

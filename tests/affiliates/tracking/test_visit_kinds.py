"""A visit that is not a click increases a count and leaves nothing else."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from affiliates.models import Affiliate, By, Click, DailyClicks, PendingVisitCount
from affiliates.statistics.click_rollups import count_visits
from affiliates.tracking.labels import declare_label
from affiliates.tracking.visit_kinds import Visit, program

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.fixture(autouse=True)
def _cast(clock: time_machine.Traveller, alice: Affiliate) -> None:
    """Noon and Alice."""


def counted() -> dict[str, int]:
    """The day's figures that are not 0."""
    count_visits(now=timezone.now())
    row = DailyClicks.objects.filter(by=By.ALL).first() or DailyClicks()
    figures = {"clicks": row.clicks, "bots": row.bots, "previews": row.previews, "refused": row.refused}
    return {name: count for name, count in figures.items() if count}


@pytest.mark.parametrize(
    ("headers", "figure"),
    [
        ({"User-Agent": GOOGLEBOT}, "bots"),
        ({"User-Agent": "curl/8.5.0"}, "bots"),
        ({"User-Agent": "python-requests/2.32"}, "bots"),
        ({"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/126.0.0.0 Safari/537.36"}, "bots"),
        ({"User-Agent": "facebookexternalhit/1.1"}, "previews"),
        ({"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"}, "previews"),
        ({"User-Agent": "WhatsApp/2.23.20.0"}, "previews"),
        ({"Sec-Purpose": "prefetch"}, "previews"),
        ({"Sec-Purpose": "prefetch;prerender"}, "previews"),
        ({"Purpose": "prefetch"}, "previews"),
        ({"X-Moz": "prefetch"}, "previews"),
        ({"X-Purpose": "preview"}, "previews"),
        ({"Sec-GPC": "1"}, "refused"),
        ({"DNT": "1"}, "refused"),
        ({"Cookie": "aitpro_no_referral=1"}, "refused"),
        ({"User-Agent": GOOGLEBOT, "DNT": "1"}, "bots"),
    ],
)
@pytest.mark.parametrize("address", ["/go/DEMO/services/?sub=x", "/?ref=DEMO"])
def test_bot_or_preview_is_counted_separately_without_trace(headers: dict[str, str], figure: str, address: str) -> None:
    response = Client().get(address, headers=headers, REMOTE_ADDR="203.0.113.5")
    assert response.status_code in {200, 302, 503}
    assert not response.cookies
    assert not Click.objects.exists()
    assert counted() == {figure: 1}


def test_head_request_counts_as_preview(client: Client) -> None:
    client.head("/go/DEMO/")
    assert counted() == {"previews": 1}


def test_pending_count_contains_no_visitor_and_no_page(client: Client) -> None:
    client.get("/go/DEMO/services/?sub=x", headers={"DNT": "1"}, REMOTE_ADDR="203.0.113.5")
    row = PendingVisitCount.objects.values().get()
    assert {name: value for name, value in row.items() if name not in {"id", "affiliate_id", "day"} and value} == {
        "refused": 1
    }


@pytest.mark.parametrize("code", ["NOBODY", "x*", ""])
def test_unknown_code_counts_nothing(client: Client, code: str) -> None:
    """Affiliates Manager tracks affiliates that don't exist."""
    client.get(f"/?ref={code}", headers={"User-Agent": GOOGLEBOT})
    client.get(f"/?ref={code}")
    assert not PendingVisitCount.objects.exists()
    assert counted() == {}


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        PHONE,
        f"{PHONE} Safari/604.1",
        f"{PHONE} Instagram 334.0.0",
        f"{PHONE} [FBAN/FBIOS;FBAV/470.0]",
        f"{PHONE} MetaIAB Facebook",
        f"{PHONE} Viber/22.1",
        f"{PHONE} Tumblr/33.1",
        f"{PHONE} WhatsApp/2.24",
        f"{PHONE} Bluesky/1.9",
        "Mozilla/5.0 (Linux; Android 10; CUBOT X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Edg/126.0",
    ],
)
def test_in_app_browsers_are_no_bots(user_agent: str) -> None:
    assert program(user_agent) is None


@pytest.mark.parametrize("user_agent", ["\N{GRINNING FACE}" * 50, "x" * 8000, "${jndi:ldap://x}", "Ruby", "curl/8.5.0"])
def test_non_browser_user_agent_is_bot(user_agent: str) -> None:
    assert program(user_agent) is Visit.BOT


def test_long_user_agent_is_matched_partially() -> None:
    assert program(GOOGLEBOT) is Visit.BOT
    assert program(f"{PHONE} {'x' * 512} {GOOGLEBOT}") is None


def test_two_visitors_behind_one_address_count_two_clicks() -> None:
    """Affiliates Manager drops clicks of one address within 5 seconds."""
    for _ in range(2):
        Client().get("/go/DEMO/", REMOTE_ADDR="203.0.113.5")
    assert counted() == {"clicks": 2}


def test_refresh_is_not_second_click(client: Client) -> None:
    client.get("/go/DEMO/")
    client.get("/go/DEMO/")
    assert counted() == {"clicks": 1}


def test_click_while_purge_is_stalled_is_counted_without_row(
    client: Client, alice: Affiliate, monkeypatch: Any
) -> None:
    monkeypatch.setattr("affiliates.tracking.clicks.is_purge_stalled", lambda: True)
    label = declare_label(affiliate=alice, text="x")
    response = client.get("/go/DEMO/?sub=x")
    assert "aitpro_referral" in response.cookies
    assert not Click.objects.exists()
    assert counted() == {"clicks": 1}
    assert DailyClicks.objects.get(by=By.CAMPAIGN).label == label.pk.hex


EMBEDDED = [
    {"Sec-Fetch-Dest": dest, "Sec-Fetch-Mode": mode}
    for dest, mode in [
        ("image", "no-cors"),
        ("image", "cors"),
        ("iframe", "navigate"),
        ("frame", "navigate"),
        ("fencedframe", "navigate"),
        ("object", "navigate"),
        ("embed", "navigate"),
        ("object", "no-cors"),
        ("script", "no-cors"),
        ("style", "no-cors"),
        ("video", "no-cors"),
        ("empty", "no-cors"),  # fetch(link, {mode: "no-cors"}), sendBeacon
        ("empty", "cors"),
        ("document", "no-cors"),  # nothing a browser sends
        ("", ""),
    ]
] + [{"Sec-Fetch-Dest": "image"}, {"Sec-Fetch-Mode": "no-cors"}, {"Sec-Fetch-Dest": "nested-navigate"}]


@pytest.mark.parametrize("headers", EMBEDDED, ids=str)
@pytest.mark.parametrize("address", ["/go/DEMO/", "/go/DEMO/services/", "/?ref=DEMO"])
def test_embedded_link_is_no_click(headers: dict[str, str], address: str) -> None:
    reader = Client()
    response = reader.get(address, headers={**headers, "Referer": "https://blog.example/"}, REMOTE_ADDR="203.0.113.5")
    assert response.status_code in {200, 302}
    assert not response.cookies
    assert not reader.cookies
    assert not Click._base_manager.exists()
    assert counted() == {"previews": 1}
    [row] = DailyClicks.objects.all()
    assert (row.by, row.label) == (By.ALL, "")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1"},
        {},  # a browser from before 2023, or a link to a site without HTTPS
    ],
    ids=["from another site", "typed", "an old browser"],
)
@pytest.mark.parametrize("address", ["/go/DEMO/", "/?ref=DEMO"])
def test_top_level_navigation_is_click(headers: dict[str, str], address: str) -> None:
    response = Client().get(address, headers=headers)
    assert "aitpro_referral" in response.cookies
    assert Click.objects.count() == 1
    assert counted() == {"clicks": 1}


@pytest.mark.parametrize("address", ["/go/DEMO/", "/go/NOBODY/", "/?ref=DEMO"])
def test_link_response_varies_by_fetch_headers(address: str) -> None:
    response = Client().get(address)
    assert {"Sec-Fetch-Dest", "Sec-Fetch-Mode"} <= {name.strip() for name in response.headers["Vary"].split(",")}
    assert response.headers["Cache-Control"] == "no-store"

"""What a visitor's browser gets and keeps, with whichever consent mode."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup, Tag
from django.test import Client
from django.utils import timezone

from affiliates.models import By, Click, DailyClicks, PendingVisitCount
from affiliates.statistics.click_rollups import count_visits
from affiliates.tracking.referral_cookie import REFUSAL

SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


def land(client: Client, link: str, **options: Any) -> tuple[str, BeautifulSoup]:
    """Follows a link with its redirects. Returns the address of the page, and the page."""
    response = client.get(link, **options)
    address = link
    while response.status_code == 302:
        address = response.headers["Location"]
        response = client.get(address, **options)
    assert response.status_code == 200
    return address, BeautifulSoup(response.content, "html.parser")


def question_on(page: BeautifulSoup) -> Tag | None:
    return page.select_one('form[action="/privacy/referral/answer/"]')


def answer(client: Client, page: BeautifulSoup, choice: str, **headers: str) -> Any:
    """Presses one of the two buttons; `headers` replace those by which a browser says where the form was sent from."""
    form = question_on(page)
    assert form is not None
    fields = {str(field["name"]): str(field["value"]) for field in form.select("input")}
    sent = headers or SAME_SITE
    return client.post(str(form["action"]), {**fields, "answer": choice}, headers=sent)


def is_nothing_stored(client: Client) -> bool:
    """Neither here, not even a count, nor in the browser."""
    return not (Click._base_manager.exists() or PendingVisitCount.objects.exists() or client.cookies)


def has_refused(client: Client) -> bool:
    return REFUSAL in client.cookies and client.cookies[REFUSAL].value == "1"


def counted() -> dict[str, int]:
    """The day's figures that are not 0."""
    count_visits(now=timezone.now())
    row = DailyClicks.objects.filter(by=By.ALL).first() or DailyClicks()
    figures = {"clicks": row.clicks, "bots": row.bots, "previews": row.previews, "refused": row.refused}
    return {name: count for name, count in figures.items() if count}

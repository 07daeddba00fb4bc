"""The portal as a signed-in user sees it."""

from __future__ import annotations

from bs4 import BeautifulSoup

from accounts.models import User
from tests.cast import signed_in

PORTAL = "/affiliates/portal/"


def text_of(user: User, path: str = "") -> str:
    """What stands on a page, without its markup."""
    response = signed_in(user).get(PORTAL + path)
    assert response.status_code == 200, response.status_code
    return " ".join(BeautifulSoup(response.content, "html.parser").get_text(" ").split())

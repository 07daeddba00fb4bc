"""The page /privacy/referral/ as a visitor reads it."""

from __future__ import annotations

from bs4 import BeautifulSoup
from django.test import Client


def referral_page(client: Client) -> str:
    """What stands on the page, without its markup."""
    response = client.get("/privacy/referral/")
    assert response.status_code == 200
    main = BeautifulSoup(response.content, "html.parser").main
    assert main
    return " ".join(main.get_text().split())

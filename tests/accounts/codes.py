"""What a person's phone and hands do: reads a secret from the page, shows codes, signs in."""

from __future__ import annotations

import re
from base64 import b32decode
from typing import Any

from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP

PASSWORD = "correct horse battery"
LOGIN, CODE, SET_UP = "/accounts/login/", "/accounts/code/", "/accounts/authenticator/"


def code_now(secret: bytes) -> str:
    totp = TOTP(secret)
    totp.time = timezone.now().timestamp()
    return f"{totp.token():06d}"


def give_password(client: Client, email: str, **fields: str) -> Any:
    return client.post(LOGIN, {"email": email, "password": PASSWORD, **fields})


def set_up(client: Client) -> tuple[bytes, list[str]]:
    """Walks the set-up. Returns the secret that the phone now has, and the recovery codes."""
    page = BeautifulSoup(client.get(SET_UP).content, "html.parser")
    shown: Any = page.select_one("main code")
    secret = b32decode(shown.get_text().replace(" ", ""))
    done = client.post(SET_UP, {"code": code_now(secret)}, follow=True)
    codes = re.findall(r"[2-9A-Z]{4}(?:-[2-9A-Z]{4}){5}", done.content.decode())
    client.post("/accounts/recovery-codes/")
    return secret, codes


def is_signed_in(client: Client) -> bool:
    return bool(client.get("/accounts/security/").status_code == 200)

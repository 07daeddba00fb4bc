"""The idempotency key of a submitted form, and its stored response, sealed with that key."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.http import HttpRequest

from privacy.encryption.sealing import NONCE_BYTES

TOKEN = "csrfmiddlewaretoken"  # noqa: S105 (the name of the field, as `{% csrf_token %}` writes it)


@dataclass(frozen=True)
class FormKey:
    """Identifies a submitted form: rendering, browser, session, URL and content. Other people have other cookies and
    therefore another key."""

    sent: tuple[str, ...]
    session: str

    @property
    def digest(self) -> str:
        """64 hexadecimal digits. Because of the token's 190 random bits, the hash reveals nothing about the content."""
        return self._derive("digest").hex()

    def seal(self, answer: bytes) -> bytes:
        """Seals the response with a key derived from this form, so that even the site's keys can't open it."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self._derive("answer")).encrypt(nonce, answer, None)

    def open(self, sealed: bytes) -> bytes:
        """Raises `cryptography.exceptions.InvalidTag`."""
        return AESGCM(self._derive("answer")).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)

    def _derive(self, use: str) -> bytes:
        return hmac.digest(json.dumps([*self.sent, self.session]).encode(), use.encode(), "sha256")


def form_key(request: HttpRequest) -> FormKey | None:
    """None without a token from a rendered form; the cookie's own value doesn't count, because it never changes."""
    cookie = request.COOKIES.get(settings.CSRF_COOKIE_NAME, "")
    token = request.POST.get(TOKEN, "") if request.method == "POST" else ""
    if not token or token == cookie:
        return None
    sent = (str(token), cookie, request.get_full_path(), _digest_of_fields(request))
    return FormKey(sent, session=request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))


def _digest_of_fields(request: HttpRequest) -> str:
    """A hash of the content, so that a corrected form counts as a new one."""
    typed: list[Any] = [(name, values) for name, values in request.POST.lists() if name != TOKEN]
    for name, files in request.FILES.lists():
        for file in files:
            typed.append((name, file.name, hashlib.sha256(b"".join(file.chunks())).hexdigest()))
            file.seek(0)
    return hashlib.sha256(json.dumps(typed).encode()).hexdigest()

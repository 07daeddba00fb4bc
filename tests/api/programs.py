"""What a program does: it has a token, and sends requests without cookies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from api.models import ApiToken
from api.scopes import OWN, Scope, write_scopes
from api.tokens.digests import digest, generate_api_token

API = "/api/v1/"


def token_of(user: User, *scopes: Scope, expires_at: datetime | None = None) -> str:
    """A token with these scopes, or with all of an affiliate's."""
    token = generate_api_token()
    ApiToken.objects.create(
        owner=user,
        name="spreadsheet",
        digest=digest(token),
        scopes=write_scopes(scopes or OWN),
        expires_at=expires_at or timezone.now() + timedelta(days=90),
    )
    return token


def ask(path: str, token: str = "", query: dict[str, Any] | None = None, **headers: str) -> Any:
    sent = {**({"Authorization": f"Bearer {token}"} if token else {}), **headers}
    return Client(raise_request_exception=False).get(f"{API}{path}", query or {}, headers=sent)


def rows(path: str, token: str, **query: Any) -> list[dict[str, Any]]:
    response = ask(path, token, query)
    assert response.status_code == 200, response.content
    found: list[dict[str, Any]] = response.json()["data"]
    return found


def pages(path: str, token: str, limit: int) -> Iterator[list[dict[str, Any]]]:
    """Each page of a list."""
    query: dict[str, Any] = {"limit": limit}
    while True:
        content = ask(path, token, query).json()
        yield content["data"]
        if content["next_cursor"] is None:
            return
        query["cursor"] = content["next_cursor"]


def error_of(response: Any) -> tuple[int, str]:
    """Status and code. The answer has nothing but one error."""
    assert response.headers["Content-Type"] == "application/json"
    content = response.json()
    assert content.keys() == {"error"}
    assert {"code", "message"} <= content["error"].keys() <= {"code", "message", "parameter"}
    assert response.headers["Cache-Control"] == "no-store"
    return response.status_code, content["error"]["code"]

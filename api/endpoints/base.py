"""What all endpoints have in common: a token, strict parameters, an ETag, and one shape of answers and errors.

An endpoint declares its scope, its parameters and the type of what it answers; the OpenAPI document, the documentation
and the tests are made from that.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from affiliates.models import Affiliate
from api.errors import NOT_FOUND, READ_ONLY, ApiError
from api.models import ApiToken
from api.scopes import Scope
from api.tokens.authentication import authenticate
from privacy.audit.trail import About, record
from shop.money import Money as Amount

from .cursors import after_cursor, open_cursor, write_cursor
from .parameters import CURSOR, DEFAULT_LIMIT, LIMIT, Parameter, read_parameters

PRIVATE = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}


@method_decorator(csrf_exempt, name="dispatch")  # it reads no cookie, and changes nothing
class ApiView(View):
    """GET and HEAD; every other request, and every error, is answered in JSON."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            if request.method not in {"GET", "HEAD"}:
                raise ApiError(405, *READ_ONLY, headers={"Allow": "GET, HEAD"})
            return self.answer()
        except ApiError as error:
            return error.response()

    def answer(self) -> HttpResponse:
        raise NotImplementedError


class UnknownAddress(ApiView):
    def answer(self) -> HttpResponse:
        raise ApiError(404, *NOT_FOUND)


class ApiEndpoint(ApiView):
    """`answers` is the dataclass of the answer, or of each row of a list."""

    name: ClassVar[str]  # of its URL, and of the operation in OpenAPI
    path: ClassVar[str]
    scope: ClassVar[Scope]
    summary: ClassVar[str]
    about: ClassVar[str] = ""
    answers: ClassVar[type[Any]]
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    audited: ClassVar[About | None] = None  # the model whose rows staff read

    token: ApiToken
    values: dict[str, Any]

    def answer(self) -> HttpResponse:
        now = timezone.now()
        self.token = authenticate(self.request, scope=self.scope, now=now)
        self.values = read_parameters(self.request.GET, self.parameters)
        content = self.content(now)
        response = JsonResponse(content, headers=PRIVATE)
        etag = f'"{hashlib.sha256(json.dumps(self.identity(content)).encode()).hexdigest()[:32]}"'
        response.headers["ETag"] = etag
        conditional = get_conditional_response(self.request, etag=etag, response=response) or response
        if conditional is response and self.audited is not None:  # an unchanged answer shows nothing new
            record(action="api.staff.listed", about=self.audited, actor=self.token.owner)
        return conditional

    def content(self, now: datetime) -> dict[str, Any]:
        """What is answered, as JSON."""
        raise NotImplementedError

    def identity(self, content: dict[str, Any]) -> dict[str, Any]:
        """What the ETag is made of: the same as long as nothing has changed for the reader."""
        return content

    @cached_property
    def affiliate(self) -> Affiliate:
        """Of the token's owner; for an affiliate's scopes alone."""
        affiliate: Affiliate = self.token.owner.affiliate
        return affiliate


class ListEndpoint(ApiEndpoint):
    """A page of rows, newest first, without counting all of them. `order` is an id, or a time and an id."""

    parameters = (LIMIT, CURSOR)
    order: ClassVar[tuple[str, ...]] = ("pk",)

    def content(self, now: datetime) -> dict[str, Any]:
        limit = self.values.get("limit", DEFAULT_LIMIT)
        rows = self.rows().order_by(*(f"-{name}" for name in self.order))
        if cursor := self.values.get("cursor"):
            rows = after_cursor(rows, self.order, cursor, of=self._list)
        found = list(rows[: limit + 1])
        shown = found[:limit]
        next_cursor = write_cursor(shown[-1], self.order, of=self._list) if len(found) > limit else None
        return {"data": [as_json(self.describe(row)) for row in shown], "next_cursor": next_cursor}

    def identity(self, content: dict[str, Any]) -> dict[str, Any]:
        """The cursor is sealed differently each time, so its position takes its place."""
        if (cursor := content["next_cursor"]) is None:
            return content
        return {**content, "next_cursor": open_cursor(cursor, of=self._list)}

    @property
    def _list(self) -> str:
        return f"{self.name} {self.token.owner_id}"

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def describe(self, row: Any) -> Any:
        """The dataclass of this row."""
        raise NotImplementedError


def as_json(value: Any) -> Any:
    """Amounts as decimal text, days and times (UTC) in ISO 8601."""
    if isinstance(value, Amount):
        return {"amount": str(value.amount), "currency": value.currency}
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [as_json(each) for each in value]
    if is_dataclass(value):
        return {each.name: as_json(getattr(value, each.name)) for each in fields(value)}
    return value

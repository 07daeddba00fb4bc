"""The OpenAPI document, made from what the endpoints declare.

`tests/api/test_openapi.py` compares `docs/openapi.json` with it, so that a change of the API shows, and each answer
with the schemas.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from types import NoneType
from typing import Any, get_args, get_type_hints
from uuid import UUID

from django.conf import settings

from api.endpoints.all import ENDPOINTS
from api.endpoints.base import ApiEndpoint, ListEndpoint
from api.endpoints.parameters import Parameter
from api.tokens.authentication import PER_MINUTE
from shop.money import Money

VERSION = "1.0.0"
KINDS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    UUID: {"type": "string", "format": "uuid"},
    Money: {"$ref": "#/components/schemas/Amount"},
}
ERRORS = {
    400: "A parameter is unknown or invalid; `parameter` names it.",
    401: "The token is missing, unknown, revoked or expired, or its account is closed.",
    403: "The token lacks the scope, its owner the permission, or the affiliate account is not active.",
    429: f"More than {PER_MINUTE} requests a minute, or too many unknown tokens from one network. See Retry-After.",
    503: "The site can't answer at the moment. See Retry-After.",
}
TOKENS = "A token from your account, in the header `Authorization: Bearer api_…`."


def document() -> dict[str, Any]:
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Read API",
            "version": VERSION,
            "description": "Reads an affiliate's own figures and, for staff, what their role may see. It never tells an"
            " affiliate who bought. Amounts are decimal text with a currency, days and times are in UTC.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": {f"/{endpoint.path}": {"get": _operation(endpoint)} for endpoint in ENDPOINTS},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": TOKENS}},
            "schemas": {"Amount": _AMOUNT, "Error": _ERROR, **{e.answers.__name__: _row(e.answers) for e in ENDPOINTS}},
        },
    }


def published_document() -> dict[str, Any]:
    """With the address of this site."""
    return {**document(), "servers": [{"url": f"{settings.SITE_URL}/api/v1"}]}


def _operation(endpoint: type[ApiEndpoint]) -> dict[str, Any]:
    rows = {"type": "array", "items": {"$ref": f"#/components/schemas/{endpoint.answers.__name__}"}}
    content: dict[str, Any] = {"type": "object", "required": ["data"], "properties": {"data": rows}}
    if issubclass(endpoint, ListEndpoint):
        content["required"] = ["data", "next_cursor"]
        content["properties"]["next_cursor"] = {
            "type": "string",
            "nullable": True,
            "description": "Send it as `cursor` for the next page; null on the last one.",
        }
    content["additionalProperties"] = False
    responses: dict[str, Any] = {
        "200": {
            "description": endpoint.summary,
            "headers": {"ETag": {"schema": {"type": "string"}, "description": "Send it as If-None-Match."}},
            "content": {"application/json": {"schema": content}},
        },
        "304": {"description": "Unchanged since the answer with the ETag that you sent as If-None-Match."},
    }
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    responses |= {str(status): {"description": text, "content": error} for status, text in ERRORS.items()}
    return {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": " ".join(filter(None, [endpoint.about, f"Scope: `{endpoint.scope}`."])),
        "parameters": [_parameter(parameter) for parameter in endpoint.parameters],
        "responses": responses,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {"name": parameter.name, "in": "query", "description": parameter.about, "schema": dict(parameter.schema)}


def described_fields(row: type[Any]) -> list[tuple[str, Any, bool, str]]:
    """Name, type, whether it may be null, and the sentence about each field of a row."""
    hints, found = get_type_hints(row, include_extras=True), []
    for each in fields(row):
        kind, about = get_args(hints[each.name])
        parts = get_args(kind) or (kind,)
        [kind] = [part for part in parts if part is not NoneType]
        found.append((each.name, kind, NoneType in parts, about))
    return found


def _row(row: type[Any]) -> dict[str, Any]:
    described = described_fields(row)
    return _object({name: _field(kind, is_nullable, about) for name, kind, is_nullable, about in described})


def _field(kind: Any, is_nullable: bool, about: str) -> dict[str, Any]:
    schema = KINDS[kind]
    if "$ref" in schema:  # which OpenAPI 3.0 reads alone
        schema = {"allOf": [schema]}
    return {**schema, **({"nullable": True} if is_nullable else {}), "description": about}


def _object(properties: dict[str, Any], **further: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
        **further,
    }


_AMOUNT = _object(
    {
        "amount": {"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "description": "Decimal text, such as 17.99."},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
    }
)
_ERROR = _object(
    {
        "error": {
            "type": "object",
            "additionalProperties": False,
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "For programs; it doesn't change."},
                "message": {"type": "string", "description": "For people; it may change."},
                "parameter": {"type": "string", "description": "What was wrong in the query, if anything."},
            },
        }
    }
)

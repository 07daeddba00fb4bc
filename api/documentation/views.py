"""The documentation: a page for people, and the OpenAPI document for programs. Both are public and the same for all."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.generic import TemplateView

from api.endpoints.all import OF_AFFILIATES, OF_ORDERS, OWN
from api.endpoints.base import ApiEndpoint, ListEndpoint
from api.endpoints.parameters import MOST
from api.tokens.authentication import PER_MINUTE
from api.tokens.making import LIFETIMES

from .openapi import ERRORS, KINDS, described_fields, published_document

IN_WORDS = {"date": "day", "date-time": "time", "uuid": "id", "string": "text", "integer": "whole number"}


class DocumentationPage(TemplateView):
    template_name = "api/documentation.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            base=f"{settings.SITE_URL}/api/v1",
            groups=[
                ("own", "For affiliates", [_described(each) for each in OWN]),
                ("staff", "For staff", [_described(each) for each in (*OF_ORDERS, *OF_AFFILIATES)]),
            ],
            errors=ERRORS.items(),
            per_minute=PER_MINUTE,
            most=MOST,
            longest=max(LIFETIMES),
            **kwargs,
        )


def _described(endpoint: type[ApiEndpoint]) -> dict[str, Any]:
    return {
        "endpoint": endpoint,
        "is_list": issubclass(endpoint, ListEndpoint),
        "fields": [
            (name, _in_words(kind) + (" or null" if is_nullable else ""), about)
            for name, kind, is_nullable, about in described_fields(endpoint.answers)
        ],
    }


def _in_words(kind: Any) -> str:
    schema = KINDS[kind]
    return IN_WORDS[schema.get("format", schema["type"])] if "type" in schema else "amount"


def openapi_document(request: HttpRequest) -> JsonResponse:
    return JsonResponse(published_document(), headers={"Cache-Control": "public, max-age=3600"})

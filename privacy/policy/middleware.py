"""Middleware: shows an explanation when a page uses data that the policy doesn't cover yet."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from privacy.registry.policy_gate import NotInEffect

logger = logging.getLogger(__name__)


class NotInEffectMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Renders the explanation. Nothing was stored, because the error rolled back the transaction."""
        if not isinstance(error, NotInEffect):
            return None
        logger.warning("refused: %s", error)
        return render(request, "privacy/not_in_effect.html", status=503)

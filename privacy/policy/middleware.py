"""A use of data that the policy does not cover yet gets an answer in plain words, on whatever page it happens."""

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
        """Nothing was stored: the error ended the transaction."""
        if not isinstance(error, NotInEffect):
            return None
        logger.warning("refused: %s", error)
        return render(request, "privacy/not_in_effect.html", status=503)

"""The policy's page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.views.generic import TemplateView

from .models import PromiseState
from .policy.page import policy_page
from .promises import PROMISES
from .registry import personal_models


class PolicyView(TemplateView):
    """The policy: the promises, each with its state as last noted, and the table of what is kept, printed from the
    registry itself."""

    template_name = "privacy/policy.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        declarations = sorted(personal_models(), key=lambda declaration: declaration.label)
        states = {state.promise: state for state in PromiseState.objects.current()}
        promises = [(promise, states.get(promise.id)) for promise in PROMISES]
        cookies = {"session_cookie": settings.SESSION_COOKIE_NAME, "csrf_cookie": settings.CSRF_COOKIE_NAME}
        context = {"promises": promises, "declarations": declarations, **cookies, **policy_page()}
        return super().get_context_data(**context, **kwargs)

"""The privacy policy page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.views.generic import TemplateView

from privacy.models import PromiseState
from privacy.registry import policy_gate
from privacy.registry.declarations import personal_models
from privacy.registry.promises import PROMISES
from privacy.registry.purposes import Purpose

from .models import PolicyVersion


class PolicyView(TemplateView):
    """The policy: promises with their latest states, and the data tables generated from the registry."""

    template_name = "privacy/policy.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        named = filter(policy_gate.is_named, personal_models())
        declarations = sorted(named, key=lambda declaration: declaration.label)
        by_purpose = ((purpose, [each for each in declarations if each.purpose == purpose]) for purpose in Purpose)
        states = {state.promise: state for state in PromiseState.objects.current()}
        promises = [(promise, states.get(promise.id)) for promise in PROMISES]
        cookies = {"session_cookie": settings.SESSION_COOKIE_NAME, "csrf_cookie": settings.CSRF_COOKIE_NAME}
        State = PolicyVersion.State
        current = PolicyVersion.objects.filter(state__in=[State.IN_EFFECT, State.NOTICES]).defer("snapshot")
        by_state = {version.state: version for version in current}
        return super().get_context_data(
            promises=promises,
            kept=[(purpose, same) for purpose, same in by_purpose if same],
            version=by_state.get(State.IN_EFFECT),
            announced=by_state.get(State.NOTICES),
            closed=sorted(policy_gate.waiting().closed.values()),
            **cookies,
            **kwargs,
        )

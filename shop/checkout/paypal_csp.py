"""The pages from which a form may lead to PayPal; from all others, the browser lets none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from csp.decorators import csp_update
from django.conf import settings

View = TypeVar("View", bound=Callable[..., Any])

# A browser follows a form's redirect only to where form-action allows.
may_lead_to_paypal: Callable[[View], View] = cast(Any, csp_update({"form-action": [settings.PAYPAL_APPROVE_ORIGIN]}))

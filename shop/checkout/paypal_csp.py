"""A content security policy for pages whose forms redirect to PayPal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from csp.decorators import csp_update
from django.conf import settings

View = TypeVar("View", bound=Callable[..., Any])

# Browsers apply form-action to the redirect after a form submission.
may_lead_to_paypal: Callable[[View], View] = cast(Any, csp_update({"form-action": [settings.PAYPAL_APPROVE_ORIGIN]}))

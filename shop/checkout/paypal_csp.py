"""A content security policy for pages whose forms redirect to PayPal."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from csp.decorators import csp_update
from django.conf import settings

View = TypeVar("View", bound=Callable[..., Any])


def may_lead_to_paypal(view: View) -> View:
    """Browsers apply form-action to the redirect after a form submission."""

    @wraps(view)
    def with_policy(*args: Any, **kwargs: Any) -> Any:
        # Read for each request: a setting isn't fixed when the views are imported.
        return cast(Any, csp_update({"form-action": [settings.PAYPAL_APPROVE_ORIGIN]}))(view)(*args, **kwargs)

    return cast(View, with_policy)

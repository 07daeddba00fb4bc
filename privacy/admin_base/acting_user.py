"""The acting user of a page. Functions take it as the keyword argument `actor`, and record it in the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import _User


def acting_user(request: HttpRequest) -> _User:
    """The signed-in user. For views that require sign-in, such as the admin's."""
    return cast("_User", request.user)

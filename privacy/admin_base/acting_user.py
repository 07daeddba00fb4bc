"""Who acts on a page. Functions take it as the keyword argument `actor`, and record it in the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import _User


def acting_user(request: HttpRequest) -> _User:
    """The signed-in user. For views that let nobody else in, as every page of the admin does."""
    return cast("_User", request.user)

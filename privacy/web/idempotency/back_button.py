"""The back button finds the form with the key that it was sent with, not a new one around what was typed."""

from __future__ import annotations

from typing import TypeVar

from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control, never_cache

ViewClass = TypeVar("ViewClass", bound=type)


def kept_in_history(view_class: ViewClass) -> ViewClass:
    """For a page whose empty form says nothing about anybody: it stays in the browser's history. What comes after it
    holds what was typed, and is stored nowhere. A page that names people stays out of the history (`never_cache`)."""
    get: ViewClass = method_decorator(cache_control(private=True, max_age=0), name="get")(view_class)
    return method_decorator(never_cache, name="post")(get)

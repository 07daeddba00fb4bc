"""Caching headers so that the back button restores a form with its original key."""

from __future__ import annotations

from typing import TypeVar

from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control, never_cache

ViewClass = TypeVar("ViewClass", bound=type)


def kept_in_history(view_class: ViewClass) -> ViewClass:
    """Class decorator: lets the browser keep the empty form in its history, but not responses that contain input. Not
    for pages with personal data, which use `never_cache`."""
    get: ViewClass = method_decorator(cache_control(private=True, max_age=0), name="get")(view_class)
    return method_decorator(never_cache, name="post")(get)

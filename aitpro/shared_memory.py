"""Loads before gunicorn forks what requests would load after it, so that its workers share the memory (ADR 82)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from django.template import TemplateDoesNotExist, TemplateSyntaxError, engines
from django.template.utils import get_app_template_dirs
from django.urls import reverse
from django.utils import timezone

from privacy.registry.deadlines import local_day, next_business_day


def load_what_workers_share() -> None:
    """Routes, templates, and the calendars of all countries, which their package imports at once."""
    reverse("site:home")
    next_business_day(local_day(timezone.now()))
    engine = engines["django"].engine  # type: ignore[attr-defined]  # of Django's own backend
    for folder in (*engine.dirs, *get_app_template_dirs("templates")):
        for path in Path(folder).rglob("*.html"):
            with suppress(TemplateDoesNotExist, TemplateSyntaxError):  # for another app or engine
                engine.get_template(str(path.relative_to(folder)))

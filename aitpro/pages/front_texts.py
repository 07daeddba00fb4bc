"""The texts of the front pages: what ships with the site, and what staff put in its place."""

from __future__ import annotations

from typing import Any

from django.apps import apps as installed_apps
from django.conf import settings
from django.db import router
from django.db.models import Prefetch

from .models import FrontPage, FrontPageSection

_CONTACT = {
    "contact_heading": "Tell us what you need",
    "contact_text": "A few lines are enough: what you have now, and what you would like to change.",
}
_QUOTES = """\
1. # You write to us

   A few lines about your project are enough to begin with.

2. # We follow up

   If something is unclear, we contact you at the address or number you gave us.

3. # You get the quote

   Scope and price, in writing.

4. # You decide

   A quote commits you to nothing.
"""


def shipped_texts(name: str) -> dict[str, str]:
    """The texts of a front page as long as staff write no others. Its keys are the columns that the page shows."""
    business = settings.BUSINESS
    return {
        FrontPage.Name.HOME: {
            "headline": business["headline"],
            "introduction": business["description"],
            "section_heading": "What we can do for you",
            "section_text": "Choose one service or several. You get a quote first, then decide.",
            **_CONTACT,
        },
        FrontPage.Name.SERVICES: {
            "headline": "Services",
            "introduction": "Every project is different, so there is no price list. Tell us about yours, and we will"
            " send you a quote with scope and price.",
            "section_heading": "How quotes work",
            "section_text": _QUOTES,
            **_CONTACT,
        },
        FrontPage.Name.ABOUT: {
            "headline": f"About {business['short_name']}",
            "introduction": business["description"],
        },
        FrontPage.Name.SUPPORT: {
            "headline": "Support",
            "introduction": "Most questions have a short way to an answer. If yours doesn't, write to us.",
        },
    }[FrontPage.Name(name)]


def front_page_context(name: str) -> dict[str, Any]:
    """`texts` and `sections` of a front page. Two queries."""
    sections = Prefetch("sections", FrontPageSection.objects.all())
    page = FrontPage.objects.filter(name=name).prefetch_related(sections).first()
    texts = {key: getattr(page, key, "") or shipped for key, shipped in shipped_texts(name).items()}
    return {"texts": texts, "sections": page.sections.all() if page else []}


def create_front_pages(*, using: str, apps: Any = installed_apps, **_signal: Any) -> None:
    """Receives `post_migrate`: an empty row for each, for staff to open."""
    try:
        pages = apps.get_model("pages", "FrontPage")
    except LookupError:  # migrated to a time before there were any
        return
    if router.allow_migrate_model(using, pages):
        for name in FrontPage.Name.values:
            pages.objects.using(using).get_or_create(name=name)

"""The admin's navigation: the daily entries, and all lists and pages by area instead of by app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.text import slugify

from privacy.admin_base.staff_dashboard import Area

APPS = {
    "shop": Area.SHOP,
    "affiliates": Area.AFFILIATES,
    "contacts": Area.CONTACTS,
    "clients": Area.CONTACTS,
    "pages": Area.CONTENT,
    "redirects": Area.CONTENT,
    "privacy": Area.PRIVACY,
    "policy": Area.PRIVACY,
    "disclosure": Area.PRIVACY,
    "audit": Area.PRIVACY,
}
# Tables that belong to another area than their app.
MODELS = {
    "OutgoingMail": Area.CONTACTS,
    "UndeliverableAddress": Area.CONTACTS,
    "MailTally": Area.CONTACTS,
    "Suppression": Area.CONTACTS,
    "ContactList": Area.CONTACTS,
    "Service": Area.CONTENT,
}
# Other pages, by area: title, URL name, permission.
PAGES = {
    Area.SHOP: [
        ("Reconciliation with PayPal", "admin:shop_reconciliation", "shop.view_payment"),
    ],
    Area.AFFILIATES: [
        ("Why this, or why nothing, for an order?", "affiliates:why_order", "affiliates.view_commission"),
    ],
    Area.SITE: [("Team", "admin:accounts_team", "accounts.view_user")],
}
REPORTS = (("shop:report", "shop.view_order"), ("affiliates:report", "affiliates.view_commission"))
# What staff open every day: title, and the pages it may lead to, of which the first permitted one is taken.
DAILY = (
    ("Inbox", (("admin:contacts_inquiry_changelist", "contacts.view_inquiry"),)),
    ("Orders", (("admin:shop_order_changelist", "shop.view_order"),)),
    (
        "Commissions",
        (
            ("admin:affiliates_commission_changelist", "affiliates.view_commission"),
            ("admin:affiliates_affiliate_changelist", "affiliates.view_affiliate"),
        ),
    ),
    ("Payouts", (("admin:affiliates_payoutrun_changelist", "affiliates.view_payoutrun"),)),
    ("Requests of people", (("admin:privacy_privacyrequest_changelist", "privacy.view_privacyrequest"),)),
    ("Reports", REPORTS),
)


@dataclass(frozen=True)
class Entry:
    """A link of the navigation."""

    name: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class EntryGroup:
    name: str
    entries: list[Entry]


@dataclass(frozen=True)
class Navigation:
    """`daily` is always visible, with the page's own entry after it; `more`, by area, is folded."""

    daily: list[Entry]
    more: list[EntryGroup]

    @property
    def current_of_more(self) -> list[Entry]:
        return [entry for group in self.more for entry in group.entries if entry.is_current]


def navigation(areas: list[dict[str, Any]], user: Any, path: str) -> Navigation:
    """What this user may open. The entry with the longest matching address is the current one."""
    start = reverse("admin:index")
    daily = {name: url for name, pages in DAILY for url in _first_permitted(pages, user)}
    more = {
        area["name"]: {m["name"]: m["admin_url"] for m in area["models"] if m["admin_url"] not in daily.values()}
        for area in areas
    }
    links = [*daily.values(), *(url for group in more.values() for url in group.values())]
    if path.startswith(tuple(reverse(page) for page, _ in REPORTS)):  # they have tabs that lead to each other
        path = daily.get("Reports", path)
    here = max((url for url in links if url and path.startswith(url)), key=len, default=start if path == start else "")

    def entries(named: dict[str, str]) -> list[Entry]:
        return [Entry(str(name)[:1].upper() + str(name)[1:], url, url == here) for name, url in named.items() if url]

    return Navigation(
        daily=entries({"Today": start, **daily}),
        more=[EntryGroup(name, found) for name, group in more.items() if (found := entries(group))],
    )


def _first_permitted(pages: tuple[tuple[str, str], ...], user: Any) -> list[str]:
    return [reverse(page) for page, permission in pages if user.has_perm(permission)][:1]


def group_by_area(apps: list[dict[str, Any]], user: Any) -> list[dict[str, Any]]:
    """Django's app list, regrouped by area. Empty areas are omitted."""
    lists: dict[Area, list[dict[str, Any]]] = {area: _pages(area, user) for area in Area}
    for app in apps:
        for model in app["models"]:
            lists[MODELS.get(model["object_name"]) or APPS.get(app["app_label"], Area.SITE)].append(model)
    return [_area(area, models) for area, models in lists.items() if models]


def _pages(area: Area, user: Any) -> list[dict[str, Any]]:
    return [
        {"name": name, "object_name": slugify(name), "admin_url": reverse(url), "add_url": None, "view_only": True}
        for name, url, permission in PAGES.get(area, [])
        if user.has_perm(permission)
    ]


def _area(area: Area, models: list[dict[str, Any]]) -> dict[str, Any]:
    label = f"area-{slugify(area)}"
    return {"name": str(area), "app_label": label, "app_url": f"{reverse('admin:index')}#{label}", "models": models}

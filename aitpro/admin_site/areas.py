"""Groups the admin's lists by area instead of by app."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.text import slugify

from privacy.admin_base.staff_dashboard import Area

APPS = {
    "shop": Area.SHOP,
    "affiliates": Area.AFFILIATES,
    "contacts": Area.CONTACTS,
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
}
# Other pages, by area: title, URL name, permission.
PAGES = {
    Area.SHOP: [
        ("Sales report", "shop:report", "shop.view_order"),
        ("Reconciliation with PayPal", "admin:shop_reconciliation", "shop.view_payment"),
    ],
    Area.AFFILIATES: [
        ("Reports", "affiliates:report", "affiliates.view_commission"),
        ("Why this, or why nothing, for an order?", "affiliates:why_order", "affiliates.view_commission"),
    ],
}


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

"""What a token lets a program read: an affiliate's own figures, or, for staff, what their role may see."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import models

from accounts.models import User


class Scope(models.TextChoices):
    STATISTICS = "statistics", "Your clicks and sales by day"
    EARNINGS = "earnings", "Your balance, commissions, ledger and payouts"
    LINKS = "links", "Your code, links and labels"
    ORDERS = "staff:orders", "Orders, without the buyers"
    BUYERS = "staff:buyers", "Names and email addresses of buyers, with the orders"
    LICENSES = "staff:licenses", "Licenses, without the keys"
    LICENSE_KEYS = "staff:license-keys", "License keys, with the licenses"
    COMMISSIONS = "staff:commissions", "Commissions of all affiliates"
    PAYOUTS = "staff:payouts", "Payouts to all affiliates"


OWN = (Scope.STATISTICS, Scope.EARNINGS, Scope.LINKS)  # the least first
# The permission that the owner of the token needs, whenever it is used.
PERMISSIONS = {
    Scope.ORDERS: "shop.view_order",
    Scope.BUYERS: "shop.view_order",
    Scope.LICENSES: "shop.view_license",
    Scope.LICENSE_KEYS: "shop.view_license",
    Scope.COMMISSIONS: "affiliates.view_commission",
    Scope.PAYOUTS: "affiliates.view_payoutitem",
}
# Scopes that only add columns to what another one lists.
ADDS_TO = {Scope.BUYERS: Scope.ORDERS, Scope.LICENSE_KEYS: Scope.LICENSES}


def scopes_for_staff(user: User) -> list[Scope]:
    """Those that the roles of this member of staff allow."""
    return [scope for scope, permission in PERMISSIONS.items() if user.is_staff and user.has_perm(permission)]


def write_scopes(scopes: Iterable[str]) -> str:
    """As a token stores them: separated by spaces, always in the same order."""
    chosen = {*scopes}
    return " ".join(scope for scope in Scope.values if scope in chosen)


def missing_scope(scopes: Collection[str]) -> Scope | None:
    """The scope without which one of these would read nothing."""
    return next((base for scope, base in ADDS_TO.items() if scope in scopes and base not in scopes), None)

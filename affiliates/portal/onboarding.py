"""The first steps of a new affiliate, shown until all are done."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from affiliates.tracking.link_tester import link_test_address

from ..models import Affiliate, PayoutEmailChange


@dataclass(frozen=True)
class Step:
    name: str
    text: str
    is_done: bool
    action: str
    url: str


def onboarding_steps(affiliate: Affiliate, *, clicks: int, has_links: bool) -> list[Step]:
    """Empty when all are done."""
    steps = [
        Step(
            name="Accept the terms",
            text=f"You accepted version {affiliate.terms_version}.",
            is_done=bool(affiliate.terms_version),
            action="Read the terms",
            url=reverse("affiliates:terms"),
        ),
        _payout_step(affiliate),
        Step(
            name="Save your first link",
            text="Choose a page, and name the link after the place where you share it, such as newsletter-may.",
            is_done=has_links,
            action="Save a link",
            url=reverse("affiliates:portal_labels"),
        ),
        Step(
            name="Get your first click",
            text="Test your link before you share it. The test shows what a click stores, and counts nothing itself.",
            is_done=clicks > 0,
            action="Test your link",
            url=link_test_address(affiliate.code),
        ),
    ]
    return [] if all(step.is_done for step in steps) else steps


def _payout_step(affiliate: Affiliate) -> Step:
    email, since = affiliate.payout_email, ""
    if not email and (change := PayoutEmailChange.objects.waiting().filter(affiliate=affiliate).first()):
        email, since = change.email, f" from {change.takes_effect_at:%B %-d, %Y}"
    return Step(
        name="Enter your PayPal address",
        text=f"Your payouts go to {email}{since}." if email else "We can't pay you before you tell us where.",
        is_done=bool(email),
        action="Change it" if email else "Enter the address",
        url=reverse("affiliates:portal_payout_email"),
    )

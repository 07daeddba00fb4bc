"""Refuses passwords made from an affiliate's code, website or payout address, which are public or widely known."""

from __future__ import annotations

from typing import Any

from accounts.passwords.rules import reject_known_words
from affiliates.models import Affiliate


class NotAboutTheAffiliate:
    def validate(self, password: str, user: Any = None) -> None:
        affiliate = Affiliate.objects.filter(user=user).first() if user is not None and user.pk else None
        if affiliate is not None:
            reject_known_words(password, [affiliate.code, affiliate.website, affiliate.payout_email])

    def get_help_text(self) -> str:
        return "Your password can't contain an affiliate's code or website."

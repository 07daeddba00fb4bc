"""Codes that affiliates choose: readable, unlike anybody else's, and a few per account. Former codes keep working."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from affiliates.models import Affiliate, AffiliateCode
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.encryption.normalization import code_look, normalize_code

if TYPE_CHECKING:
    from accounts.models import User

MOST_CHOSEN = 3  # per affiliate, ever
SHORTEST, LONGEST = 4, 20  # characters
SHAPE = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")
TAKEN = "This code is taken, or looks too much like one that is. Choose another one."
# Words that buyers would take for ours, for a discount of ours, or for a part of an address.
RESERVED = frozenset({
    "ADMIN", "AFFILIATE", "AFFILIATES", "API", "BONUS", "CHECKOUT", "CODE", "CONTACT", "COUPON", "CUSTOMER", "DEAL",
    "DISCOUNT", "FREE", "GIFT", "HELP", "HOME", "LOGIN", "MAIL", "NONE", "NULL", "OFFICIAL", "ORDER", "PAYMENT",
    "PAYOUT", "PAYPAL", "PROMO", "REFUND", "SALE", "SECURITY", "STAFF", "SUPPORT", "TEAM", "TEST", "VIP", "WELCOME",
})  # fmt: skip


def chosen_codes_left(affiliate: Affiliate) -> int:
    return max(MOST_CHOSEN - affiliate.codes.filter(is_chosen=True).count(), 0)


def choose_code(*, affiliate: Affiliate, typed: str, actor: User) -> str:
    """Makes a code the affiliate's own, and returns it in its normal form. One of their former codes can be taken up
    again at any time. Raises `ActionRefused`."""
    code = normalize_code(typed)
    if refusal := _refusal_by_shape(code):
        raise ActionRefused(refusal)
    try:
        _change_code(affiliate, code, actor)
    except IntegrityError as error:
        raise ActionRefused("Somebody chose this code, or one that looks like it, at the same time.") from error
    return code


def _refusal_by_shape(code: str) -> str:
    if not SHAPE.fullmatch(code):
        return "Use letters from A to Z and digits, with hyphens between words instead of spaces."
    if not SHORTEST <= len(code) <= LONGEST:
        return f"Use {SHORTEST} to {LONGEST} characters."
    if not any(letter.isalpha() for letter in code):
        return "Use at least one letter."
    words = {code_look(word) for word in (*RESERVED, settings.BUSINESS["short_name"])}
    if words & {code_look(part) for part in (code, *code.split("-"))}:
        return "This code contains a word that buyers would take for ours. Choose another one."
    return ""


@transaction.atomic
def _change_code(affiliate: Affiliate, code: str, actor: User) -> None:
    current = Affiliate.objects.select_for_update().get(pk=affiliate.pk)
    if not current.is_active:
        raise ActionRefused("Only an active affiliate can choose a code.")
    if normalize_code(current.code) == code:
        raise ActionRefused("This is your code already.")
    current.code = code
    if not current.codes.filter(code_index=code).exists():
        _claim_code(current, code)
    current.save(update_fields=["code"])
    affiliate.code = code
    record(action="affiliates.code.changed", about=current, actor=actor)


def _claim_code(affiliate: Affiliate, code: str) -> None:
    if not chosen_codes_left(affiliate):
        raise ActionRefused(f"You have chosen {MOST_CHOSEN} codes, which is the most. You can go back to any of them.")
    try:
        affiliate.clean()
    except ValidationError as error:
        raise ActionRefused(TAKEN) from error
    if AffiliateCode.objects.filter(look_index=code).exclude(affiliate=affiliate).exists():
        raise ActionRefused(TAKEN)
    if affiliate.codes.filter(look_index=code).exists():
        raise ActionRefused("You have a code that looks like this one. Choose one that differs more.")
    AffiliateCode.objects.create(affiliate=affiliate, code=code, look=code, is_chosen=True)

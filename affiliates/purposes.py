"""The purposes under which the affiliate program reads, whatever page or webhook a signal comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Purpose

Params = ParamSpec("Params")
Result = TypeVar("Result")


def reads_for_commissions(function: Callable[Params, Result]) -> Callable[Params, Result]:
    """Lets a signal receiver read affiliates and attributions for this app's own purposes."""
    for_commission = reads("affiliates_attribution", purpose=Purpose.REFERRAL_TRACKING)
    return reads("affiliates_affiliate", purpose=Purpose.AFFILIATE_ACCOUNT)(for_commission(function))

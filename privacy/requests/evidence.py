"""Evidence that requests and complaints are answered on time."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.urls import reverse

from privacy.evidence.measurement import FEW, Evidence, Figures, at_least, evidence_for
from privacy.models.request import PrivacyRequest, PrivacyRequestQuerySet
from privacy.registry.declarations import personal_models

from .forms import PrivacyRequestForm

LOOKED_BACK = timedelta(days=365)
NEWEST = 1000  # most recent answers considered

Kind = PrivacyRequest.Kind


@evidence_for("access")
def everybody_gets_everything(now: datetime) -> Evidence:
    """Broken if a request is overdue, or if a kind of row can't be found by its person's address."""
    requests = PrivacyRequest.objects.exclude(kind=Kind.COMPLAINT)
    unfindable = [declaration.label for declaration in personal_models() if not declaration.found_by]
    clock = _clock(requests, now)
    return Evidence(
        kept=not requests.overdue(now).exists() and not unfindable,
        figures={
            **clock,
            "median time to answer in the past year": _median_time(requests, now),
            "kinds of data included in archives": sum(1 for _ in personal_models()) - len(unfindable),
            "kinds of data missing in archives": len(unfindable),
        },
    )


@evidence_for("complaints")
def complaints_are_answered(now: datetime) -> Evidence:
    """Broken if a complaint is overdue, or if the form doesn't accept complaints."""
    complaints = PrivacyRequest.objects.filter(kind=Kind.COMPLAINT)
    offered = Kind.COMPLAINT in dict(PrivacyRequestForm.base_fields["kind"].choices)  # type: ignore[attr-defined]
    return Evidence(
        kept=offered and not complaints.overdue(now).exists(),
        figures={
            **_clock(complaints, now),
            "where to complain": reverse("privacy:request") if offered else "nowhere",
        },
    )


def _clock(requests: PrivacyRequestQuerySet, now: datetime) -> Figures:
    return {"open": at_least(requests.open().count()), "overdue": at_least(requests.overdue(now).count())}


def _median_time(requests: Any, now: datetime) -> str:
    answered = requests.filter(answered_at__gt=now - LOOKED_BACK).order_by("-answered_at")
    moments = answered.values_list("received_at", "answered_at")[:NEWEST]
    hours = [(answer - receipt) / timedelta(hours=1) for receipt, answer in moments]
    if len(hours) < FEW:
        return f"shown from {FEW} answers on" if hours else "no requests"
    return f"{median(hours):.1f} hours"

"""Evidence that nothing is disclosed without an order."""

from __future__ import annotations

from datetime import datetime

from privacy.audit.models import AuditEntry
from privacy.evidence.measurement import Evidence, evidence_for

from .models import Disclosure

YEARS = 3  # shown, the current one included


@evidence_for("legal-process-only")
def only_ordered_disclosures(now: datetime) -> Evidence:
    """Broken if an export has no approved order, or if the register and the audit log disagree on the count."""
    by_year = Disclosure.objects.by_year()
    unapproved = Disclosure.objects.without_approval().count()
    made, recorded = sum(by_year.values()), _recorded_in_the_audit()
    return Evidence(
        kept=unapproved == 0 and made == recorded,
        figures={
            **{f"disclosures in {now.year - ago}": by_year.get(now.year - ago, 0) for ago in range(YEARS)},
            "disclosures without an approved order": unapproved,
            "disclosures in both the register and the audit log": f"{min(made, recorded)} of {max(made, recorded)}",
        },
    )


def _recorded_in_the_audit() -> int:
    return AuditEntry.objects.filter(action="disclosure.order.exported").count()

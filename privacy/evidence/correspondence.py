"""Evidence that correspondence stays private: sealed, shown only to staff, and every access audited."""

from __future__ import annotations

from datetime import datetime

from privacy.admin_base.checks import check_admins_are_audited
from privacy.audit.verification import AuditBroken, require_guards, verify_chain
from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedField
from privacy.registry.declarations import personal_models
from privacy.registry.purposes import Purpose

from .measurement import Evidence, evidence_for

CORRESPONDENCE = {Purpose.ANSWER_INQUIRY, Purpose.QUOTE, Purpose.ORDER}


@evidence_for("correspondence-private", hourly=True)
def correspondence_is_private(now: datetime) -> Evidence:
    """Broken if a column is not sealed, an admin page is not audited, or the audit log was tampered with."""
    columns = list(_columns())
    sealed = sum(isinstance(column, (SealedField, BlindIndexField)) for column in columns)
    unaudited = len(check_admins_are_audited(None))
    record, tampered = _record()
    return Evidence(
        kept=sealed == len(columns) and not unaudited and not tampered,
        figures={
            "columns of messages and orders": len(columns),
            "of these, encrypted": sealed,
            "staff pages that show personal data without an audit entry": unaudited,
            "audit log": record,
        },
    )


def _columns() -> list[object]:
    about = [declaration for declaration in personal_models() if declaration.purpose in CORRESPONDENCE]
    return [
        declaration.model._meta.get_field(name)
        for declaration in about
        for name in set(declaration.columns) - declaration.withheld
    ]


def _record() -> tuple[str, bool]:
    try:
        head = verify_chain()
        require_guards()
    except AuditBroken:
        return "tampered with", True
    return f"{head.number} entries, all unchanged", False

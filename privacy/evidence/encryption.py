"""Evidence that all personal data is encrypted."""

from __future__ import annotations

from datetime import datetime

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedField
from privacy.registry.declarations import PersonalData, personal_models

from .measurement import Evidence, evidence_for


@evidence_for("encrypted")
def everything_personal_is_sealed(now: datetime) -> Evidence:
    """Compares the number of sealed columns with all columns that would reveal something."""
    columns = [column for declaration in personal_models() for column in _telling_columns(declaration)]
    sealed = sum(isinstance(column, (SealedField, BlindIndexField)) for column in columns)
    return Evidence(
        kept=sealed == len(columns),
        figures={"personal columns": len(columns), "of these, encrypted": f"{100 * sealed / len(columns):.0f}%"},
    )


def _telling_columns(declaration: PersonalData) -> list[object]:
    """All personal columns except secrets that are stored as one-way hashes."""
    names = set(declaration.columns) - declaration.withheld
    return [declaration.model._meta.get_field(name) for name in names]

"""Evidence that all personal data is stored for a purpose stated in the policy."""

from __future__ import annotations

from datetime import datetime

from django.db import connections

from privacy.databases.aliases import own_aliases
from privacy.registry.coverage import unclassified_columns
from privacy.registry.declarations import personal_models
from privacy.registry.purposes import Purpose

from .measurement import Evidence, evidence_for


@evidence_for("purpose-limitation", hourly=True)
def each_column_has_one_purpose(now: datetime) -> Evidence:
    """Broken if the database has an undeclared column."""
    undeclared = [column for alias in own_aliases() for column in unclassified_columns(connections[alias])]
    declarations = list(personal_models())
    bound = [declaration for declaration in declarations if declaration.purpose in Purpose]
    return Evidence(
        kept=not undeclared and len(bound) == len(declarations),
        figures={
            "personal columns": sum(len(declaration.columns) for declaration in declarations),
            "of these, bound to a purpose": sum(len(declaration.columns) for declaration in bound),
            "purposes in use": len({declaration.purpose for declaration in bound}),
            "undeclared database columns": len(undeclared),
        },
    )

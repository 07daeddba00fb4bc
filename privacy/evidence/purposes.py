"""The evidence that everything personal is kept for a purpose that the policy names."""

from __future__ import annotations

from datetime import datetime

from django.db import connections

from privacy.registry.coverage import unclassified_columns
from privacy.registry.declarations import personal_models
from privacy.registry.purposes import Purpose

from .measurement import Evidence, evidence_for


@evidence_for("purpose-limitation", hourly=True)
def each_column_has_one_purpose(now: datetime) -> Evidence:
    """Broken when the database has a column that nobody declared, whatever it may hold."""
    undeclared = [column for alias in connections for column in unclassified_columns(connections[alias])]
    declarations = list(personal_models())
    bound = [declaration for declaration in declarations if declaration.purpose in Purpose]
    return Evidence(
        kept=not undeclared and len(bound) == len(declarations),
        figures={
            "personal columns": sum(len(declaration.columns) for declaration in declarations),
            "of them bound to one purpose": sum(len(declaration.columns) for declaration in bound),
            "purposes in use": len({declaration.purpose for declaration in bound}),
            "columns of the database that nobody declared": len(undeclared),
        },
    )

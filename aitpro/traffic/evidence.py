"""Evidence for the two promises about direct visitors, from the live schema."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from privacy.evidence.measurement import Evidence, evidence_for
from privacy.registry.coverage import live_columns

from .models import DomainDay, PageDay

TABLES = {
    DomainDay._meta.db_table: {"id", "day", "domain", "views"},
    PageDay._meta.db_table: {"id", "day", "page", "views"},
}
# An email address, an IPv4 address, or the colons of an IPv6 address.
ADDRESS = r"@|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|:"


@evidence_for("direct-visits-domain-only")
def only_domains_are_kept(now: datetime) -> Evidence:
    """Broken if a traffic table has an extra column, or if a domain is an address."""
    columns: dict[str, set[str]] = {table: set() for table in TABLES}
    for table, column in live_columns(connection):
        if table in columns:
            columns[table].add(column)
    addresses = DomainDay.objects.filter(domain__regex=ADDRESS).count()
    return Evidence(
        kept=columns == TABLES and not addresses,
        figures={
            **{f"columns of the table {table}": ", ".join(sorted(found)) for table, found in columns.items()},
            "addresses of direct visitors stored": addresses,
        },
    )


@evidence_for("domains-count-traffic-only")
def counts_stand_alone(now: datetime) -> Evidence:
    """Broken if a traffic table has a foreign key, or is the target of one."""
    linked = [table for table in TABLES if _links_of(table)]
    referring = [relation for model in (DomainDay, PageDay) for relation in model._meta.related_objects]
    return Evidence(
        kept=not linked and not referring,
        figures={
            "tables that count visits": len(TABLES),
            "foreign keys of these tables": ", ".join(linked) or "none",
            "tables that refer to them": len(referring),
        },
    )


def _links_of(table: str) -> list[str]:
    with connection.cursor() as cursor:
        return list(connection.introspection.get_relations(cursor, table))

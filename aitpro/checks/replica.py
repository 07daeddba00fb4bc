"""Deployment check: the read replica is one, and says how far it is behind."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Warning, register

from privacy.databases.replica import has_replica, replica_lag


@register(deploy=True)
def replica_follows(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not has_replica() or replica_lag() is not None:
        return []
    said = (
        "REPLICA_URL: the server does not answer, is no replica, or can't tell how far it is behind."
        " Reports are read from the main database."
    )
    return [Warning(said, hint="docs/scaling.md says how to set one up.", id="aitpro.W017")]

"""What a page asks of the database, without the values: the same for two visitors means the same work for both."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext


def statements(act: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        act()
    values = re.compile(r"( WHERE | VALUES | FROM UNNEST|\bSAVEPOINT ).*", re.DOTALL)
    return [values.sub(r"\1…", query["sql"]) for query in queries]

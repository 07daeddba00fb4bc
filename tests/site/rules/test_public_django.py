"""Private parts of Django are used in one module, which names the versions that it was written for (ADR 45)."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from tests.own_apps import OWN_APPS

APPS = (*OWN_APPS, "paypal_standin")
PRIVATE = re.compile(
    r"django\.db\.models\.sql|\bModelState\b|\bget_compiler\b|placeholder_sql|\bget_placeholder\b|\b_registry\b"
    r"|\b_mark_post_parse_error\b|setattr\((self\.fields|field,)"
)


def test_private_parts_of_django_are_used_in_one_module() -> None:
    root = Path(settings.BASE_DIR)
    files = [path for app in APPS for path in (root / app).rglob("*.py") if "migrations" not in path.parts]
    found = {str(path.relative_to(root)) for path in files if PRIVATE.search(path.read_text())}
    assert found == {"privacy/encryption/row_loading.py"}

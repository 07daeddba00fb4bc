"""System checks of the root keys: their format, and whether they match this database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import DatabaseError

from privacy.encryption.keys import KeyProblem, check_keys

from .root_keys import WrongKeys, check_root_keys


@checks.register(checks.Tags.security)
def check_encryption_keys(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E020 missing, E021 malformed or short, E022 duplicate, E023 shared with SECRET_KEY. Settings also refuse
    these."""
    try:
        check_keys(settings.ENCRYPTION_KEYS, settings.SECRET_KEY)
    except KeyProblem as problem:
        hint = "Create a key with `manage.py generate_key`, and store a copy separately from the backups."
        return [checks.Error(f"ENCRYPTION_KEYS: {problem}.", hint=hint, id=problem.number)]
    return []


@checks.register("privacy")
def check_keys_of_the_database(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E024: the database was sealed with other keys. Management commands run this check; the site, the worker and
    housekeeping check at start. A missing or unmigrated database passes."""
    try:
        check_root_keys()
    except WrongKeys as problem:
        hint = "Store a copy of the keys separately from the database backups."
        return [checks.Error(f"ENCRYPTION_KEYS: {problem}", hint=hint, id="privacy.E024")]
    except DatabaseError:
        pass
    return []

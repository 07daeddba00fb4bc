"""Start-up checks of the root keys: their form, and whether they are those of this database."""

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
    """E020 missing, E021 malformed or short, E022 doubled, E023 shared with SECRET_KEY. The start refuses the same."""
    try:
        check_keys(settings.ENCRYPTION_KEYS, settings.SECRET_KEY)
    except KeyProblem as problem:
        hint = "Make a key with `manage.py generate_key`, and keep a copy apart from the backups."
        return [checks.Error(f"ENCRYPTION_KEYS: {problem}.", hint=hint, id=problem.number)]
    return []


@checks.register("privacy")
def check_keys_of_the_database(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E024: the keys are not those that the database was sealed with. Every command that touches data runs the checks;
    the site, the worker and housekeeping refuse by themselves. A database that isn't there or migrated yet has none."""
    try:
        check_root_keys()
    except WrongKeys as problem:
        hint = "Keep a copy of the keys apart from the backups of the database."
        return [checks.Error(f"ENCRYPTION_KEYS: {problem}", hint=hint, id="privacy.E024")]
    except DatabaseError:
        pass
    return []

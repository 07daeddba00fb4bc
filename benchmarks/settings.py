"""The tests' settings, with the benchmark's own tables."""

import json
import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks"]
SALT_KEY = "only-for-benchmarks"  # required by django-fernet-encrypted-fields
for alias, name in json.loads(os.environ.get("BENCH_DATABASES", "{}")).items():
    DATABASES[alias]["NAME"] = name

"""The tests' settings, with the benchmark's own tables."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks"]
SALT_KEY = "only-for-benchmarks"  # required by django-fernet-encrypted-fields

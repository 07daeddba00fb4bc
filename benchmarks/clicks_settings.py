"""The settings of production, with the bare page beside the site."""

from aitpro.settings import *  # noqa: F403
from aitpro.settings import STORAGES

ROOT_URLCONF = "benchmarks.clicks_site"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # nothing is collected

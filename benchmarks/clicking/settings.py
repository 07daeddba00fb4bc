"""Production settings, for the site and the bare page."""

from aitpro.settings import *  # noqa: F403
from aitpro.settings import STORAGES

ROOT_URLCONF = "benchmarks.clicking.site"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # no collectstatic

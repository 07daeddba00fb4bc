"""Production settings, for a site that a benchmark starts."""

from aitpro.settings import *  # noqa: F403
from aitpro.settings import STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # no collectstatic

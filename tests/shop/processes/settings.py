"""The project's settings, with crash points in every step that writes or talks to PayPal."""

from aitpro.settings import *  # noqa: F403
from aitpro.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "tests.shop.processes.crash_points.CrashPointsConfig"]
MIDDLEWARE = ["tests.shop.processes.crash_points.name_the_request", *MIDDLEWARE]

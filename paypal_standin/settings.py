"""Settings of the stand-in; `__main__` puts the command line's options into the environment first."""

import os
import secrets
from pathlib import Path


def from_environment(name: str, default: str) -> str:
    """The variable's value, or the default where it is missing or empty."""
    return os.environ.get(name, "").strip() or default


DATA_DIR = Path(from_environment("PAYPAL_STANDIN_DATA_DIR", "var/paypal-standin"))
BASE_URL = from_environment("PAYPAL_STANDIN_BASE_URL", "http://127.0.0.1:8001")
CLIENT_ID = from_environment("PAYPAL_CLIENT_ID", "standin-client")
CLIENT_SECRET = from_environment("PAYPAL_CLIENT_SECRET", "standin-secret")
WEBHOOK_ID = from_environment("PAYPAL_WEBHOOK_ID", "standin-webhook")

# Nothing is signed with it: the stand-in has no sessions and no cookies.
SECRET_KEY = secrets.token_urlsafe(32)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
INSTALLED_APPS = ["paypal_standin"]
MIDDLEWARE = [
    "paypal_standin.middleware.DebugIdMiddleware",
    "paypal_standin.middleware.SameSiteOnlyMiddleware",
    "django.middleware.common.CommonMiddleware",
    "paypal_standin.middleware.FaultMiddleware",
]
ROOT_URLCONF = "paypal_standin.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "standin.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "paypal-standin: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    # A 4xx is an ordinary answer here, so django.request would only be noise.
    "loggers": {
        "django.request": {"level": "CRITICAL", "handlers": ["stderr"], "propagate": False},
        "paypal_standin": {"level": "INFO", "handlers": ["stderr"], "propagate": False},
    },
}

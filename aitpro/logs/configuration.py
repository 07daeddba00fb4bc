"""Django's `LOGGING`: one handler, to the process's error output, in the format of `LOG_FORMAT`."""

from __future__ import annotations

from typing import Any

APPS = ("accounts", "affiliates", "aitpro", "api", "clients", "contacts", "privacy", "shop")


def logging_settings(log_format: str, report_to: str) -> dict[str, Any]:
    """`report_to` is a DSN for reports of errors; empty: none."""
    handlers: dict[str, Any] = {
        "console": {"class": "logging.StreamHandler", "formatter": log_format, "filters": ["requests"]}
    }
    if report_to:
        handlers["reports"] = {
            "()": "aitpro.logs.error_reports.ReportHandler",
            "dsn": report_to,
            "level": "ERROR",
            "filters": ["requests"],
        }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "requests": {"()": "aitpro.logs.requests.RequestFilter"},
            "unavailable": {"()": "aitpro.logs.requests.UnavailableFilter"},
        },
        "formatters": {
            "plain": {"()": "aitpro.logs.formatters.PlainFormatter"},
            "json": {"()": "aitpro.logs.formatters.JsonFormatter"},
        },
        "handlers": handlers,
        # Below a warning, other packages log what they work on: a PDF's letters, a mailbox's password.
        "root": {"handlers": list(handlers), "level": "WARNING"},
        "loggers": {
            **{app: {"level": "INFO"} for app in APPS},
            "django": {"handlers": [], "level": "INFO"},  # Django's own handlers would log full paths, and mail them
            "django.request": {"filters": ["unavailable"]},
            "django.server": {"handlers": [], "propagate": False},  # the lines of `runserver`
            "flufl.bounce": {"level": "CRITICAL"},  # it logs what it could not read, with addresses
        },
    }

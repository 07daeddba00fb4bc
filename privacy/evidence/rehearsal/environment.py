"""The environment variables of the scratch copy's process: only those listed here.

The copy reads no `.env`. A test fails for each new setting until it is listed in `PASSED_ON` or `KEPT_BACK`.
"""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

from django.conf import settings

from privacy.encryption.keys import RootKey

# Operating system: paths, locale, and PostgreSQL connection options.
OF_THE_MACHINE = (
    *("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"),
    *("PGPASSFILE", "PGSSLMODE", "PGSSLROOTCERT"),
)
# Site settings. `GUNICORN_CMD_ARGS` configures the real server.
PASSED_ON = (
    *("AFFILIATE_COMMISSION_PERCENT", "AFFILIATE_CREDIT", "AFFILIATE_MINIMUM_PAYOUT_CENTS"),
    "AFFILIATE_REPORT_THRESHOLD_CENTS",
    *("ALLOWED_HOSTS", "BACKUP_DAYS", "BUSINESS_ADDRESS", "BUSINESS_COUNTRY", "BUSINESS_EMAIL", "BUSINESS_NAME"),
    *("BUSINESS_DESCRIPTION", "BUSINESS_HEADLINE", "BUSINESS_HOURS", "BUSINESS_OWNER", "BUSINESS_SINCE"),
    *("BUSINESS_TAX_ID", "QUOTE_BUDGETS", "TAX_NAME", "TAX_PERCENT"),
    *("BUSINESS_PHONE", "BUSINESS_REGION", "BUSINESS_SHORT_NAME", "BUSINESS_TIME_ZONE", "CURRENCY", "DEBUG"),
    *("DISK_FREE_MB", "DOWNLOADS_PER_ORDER", "DOWNLOAD_LINK_MINUTES", "GUNICORN_CMD_ARGS", "HELD_LIMIT_PER_NETWORK"),
    *("QUOTE_REMINDERS", "QUOTE_REMINDER_DAYS", "QUOTE_VALID_DAYS"),
    *("MAIL_BOUNCE_DOMAIN", "MAIL_TEMPLATES"),
    *("INQUIRY_ANSWER_DAYS", "MAIL_LIMIT_PER_ADDRESS", "MAIL_LIMIT_PER_FORM", "MAIL_LIMIT_PER_NETWORK"),
    *("MAIL_WISHES_ACCESS", "MAIL_WISHES_COMPLAINT", "MAIL_WISHES_CORRECTION", "MAIL_WISHES_DELETION"),
    *("MAIL_WISHES_STOP",),
    *("ORDER_LIMIT_PER_ADDRESS", "ORDER_LIMIT_PER_NETWORK", "PORT", "PRIVACY_MAILS_PER_ADDRESS"),
    *("PG_BIN_DIR", "PRIVACY_MAILS_PER_NETWORK", "PRIVACY_PROFILE", "REFUND_DAYS", "SIGN_IN_LIMIT_PER_ACCOUNT"),
    *("SIGN_IN_LIMIT_PER_ACCOUNT_AND_NETWORK", "SIGN_IN_LIMIT_PER_BROWSER", "SIGN_IN_LIMIT_PER_NETWORK"),
    *("LOG_FORMAT", "LOG_SLOW_QUERIES_MS", "LOG_SLOW_REQUESTS_MS"),
    *("STAFF_SESSION_HOURS", "STAFF_SESSION_IDLE_MINUTES", "TASKS_BACKEND", "TRAFFIC_COUNTED", "TRUSTED_PROXIES"),
)
# Not for the copy: the consent mode, because a probe tries each; the site's Redis and replica, when the site rehearses,
# the demo's sales, the dead-man ping, the mailbox with people's mail, and files that only the site can read.
KEPT_BACK = (
    "AFFILIATE_CONSENT",
    "CACHE_URL",
    "DEMO_DAYS",
    "HEARTBEAT_URL",
    "REHEARSAL_DATABASE_URL",
    "REHEARSAL_HOUR",
    "REHEARSAL_SECONDS",
    "REHEARSE_NIGHTLY",
    "REPLICA_LAG_SECONDS",
    "REPLICA_URL",
    "BACKUP_RECIPIENTS",
    "LOG_FILES",
    "MAIL_IN_AFTER",
    "MAIL_IN_URL",
    "SENTRY_DSN",
)


def environment(folder: Path, databases: dict[str, str]) -> dict[str, str]:
    """The copy's environment. Everything that refers to the site's data, its keys or other machines is replaced.

    `databases` are URLs of databases on a server.
    """
    names = [*OF_THE_MACHINE, *PASSED_ON, *(f"{name}_FILE" for name in PASSED_ON)]
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    return {**inherited, **_own(folder), **databases}


def _own(folder: Path) -> dict[str, str]:
    return {
        "REHEARSAL": "1",
        "AFFILIATE_LEGAL_DETAILS": "true",  # so that what it asks for is attacked, whether or not the site asks
        "DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/aitpro.sqlite3",
        "KEYSTORE_URL": f"sqlite:///{folder}/keystore.sqlite3",
        "EMAIL_URL": f"filemail:///{folder}/mail",
        "MAIL_REPLY_ADDRESS": "@answers.example.org",  # so that mails offer to answer, and to unsubscribe, by mail
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ENCRYPTION_KEYS": RootKey.generate().written_out(),
        "PRODUCT_FILES_DIR": str(folder / "products"),
        "METRICS_TOKEN": secrets.token_urlsafe(),  # so that it counts, and what it counted can be searched
        "SITE_URL": settings.SITE_URL,
        "PAYPAL_MODE": "standin",
        "PAYPAL_STANDIN_PORT": str(_free_port(socket.SOCK_STREAM)),
        "PAYPAL_CLIENT_ID": "standin-client",
        "PAYPAL_CLIENT_SECRET": "standin-secret",
        "PAYPAL_WEBHOOK_ID": "standin-webhook",
        "STAFF_SECOND_FACTOR": str(settings.STAFF_SECOND_FACTOR),
        "POLICY_LEAVES_OUT": ",".join(settings.POLICY_LEAVES_OUT),
        "TRAFFIC_NAMESERVER": f"127.0.0.1:{_free_port(socket.SOCK_DGRAM)}",
        "TMPDIR": str(folder / "tmp"),
        "PYTHONUNBUFFERED": "1",
    }


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

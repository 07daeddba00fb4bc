"""The project's own settings, with what tests need: an environment, a database of their own, quick passwords."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

# Where a machine keeps no compiled modules, each process that a test starts would compile a thousand of them again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from privacy.encryption.keys import RootKey  # noqa: E402

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("ENCRYPTION_KEYS", RootKey(b"test", b"k" * 32).written_out())
os.environ.setdefault("REHEARSE_NIGHTLY", "false")  # also for the processes that tests start
# Tests of rights and of the policy look at every table. As shipped, this is off, and `test_legal_details` tries that.
os.environ.setdefault("AFFILIATE_LEGAL_DETAILS", "true")
if "DATA_DIR" not in os.environ:
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="aitpro-tests-")
elif worker := os.environ.get("PYTEST_XDIST_WORKER"):  # it inherits the folder of the process that started it
    os.environ["DATA_DIR"] = str(Path(os.environ["DATA_DIR"]) / worker)

from aitpro.settings import *  # noqa: E402, F403
from aitpro.settings import DATA_DIR, DATABASES, STORAGES, TEMPLATES  # noqa: E402

for alias, database in DATABASES.items():
    if "sqlite" in database["ENGINE"]:
        database["TEST"] = {"NAME": str(DATA_DIR / f"test-{alias}.sqlite3")}  # a file, as in production
(DATA_DIR / "static").mkdir(parents=True, exist_ok=True)  # what collectstatic would make; WhiteNoise warns without it
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Tests move the clock by days under one sign-in; those about sessions set the times that they are about.
REAUTHENTICATION_MINUTES = STAFF_SESSION_IDLE_MINUTES = 1_000_000
STAFF_SESSION_HOURS = 100_000
AFFILIATE_SESSION_DAYS = AFFILIATE_SESSION_IDLE_DAYS = 30
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
_OPTIONS: Any = TEMPLATES[0]["OPTIONS"]
_OPTIONS["string_if_invalid"] = "UNDEFINED:%s"
MAIL_PREVIEW = False  # as in production; tests/site/test_mail_preview.py turns it on
TRAFFIC_COUNTED = False  # a thread in each process of a test; the tests of traffic switch it on

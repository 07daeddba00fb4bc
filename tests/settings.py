"""The project's own settings, with what tests need: an environment, a database of their own, quick passwords."""

import os
import tempfile

from privacy.encryption.keys import RootKey

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("ENCRYPTION_KEYS", str(RootKey(b"test", b"k" * 32)))
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="aitpro-tests-"))

from aitpro.settings import *  # noqa: E402, F403
from aitpro.settings import DATA_DIR, DATABASES, STORAGES  # noqa: E402

if "sqlite" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "tests.sqlite3")}  # a file, as in production
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = "UNDEFINED:%s"  # noqa: F405

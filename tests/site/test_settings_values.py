"""Each variable of `.env.example` with a value that nobody means: refused by name, or taken on purpose. Never shown."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from privacy.encryption.keys import RootKey

pytestmark = pytest.mark.one_database

ROOT = Path(settings.BASE_DIR)
VARIABLES = sorted(set(re.findall(r"^#?([A-Z][A-Z_0-9]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)))
SOUND = {"SECRET_KEY": "only-for-tests-" + "x" * 50, "ENCRYPTION_KEYS": RootKey(b"test", b"k" * 32).written_out()}
CANARY = "canary7f3a"

# Any text is right: words that people read, credentials that only PayPal knows, and files that may come later.
FREE = {
    *("BUSINESS_ADDRESS", "BUSINESS_DESCRIPTION", "BUSINESS_HEADLINE", "BUSINESS_HOURS", "BUSINESS_NAME"),
    *("BUSINESS_OWNER", "BUSINESS_PHONE", "BUSINESS_SHORT_NAME", "BUSINESS_SINCE", "BUSINESS_TAX_ID", "TAX_NAME"),
    *("MAIL_WISHES_ACCESS", "MAIL_WISHES_COMPLAINT", "MAIL_WISHES_CORRECTION", "MAIL_WISHES_DELETION"),
    *("MAIL_WISHES_STOP", "PAYPAL_CLIENT_ID", "PAYPAL_CLIENT_SECRET", "PAYPAL_WEBHOOK_ID", "SECRET_KEY"),
    *("DATA_DIR", "LOG_FILES", "MAIL_TEMPLATES", "PG_BIN_DIR", "PRODUCT_FILES_DIR"),
}
# variable → slips that look nearly right
SLIPS = {
    "SITE_URL": [
        f"https://{CANARY}:pass@www.example.com",
        f"https://www.example.com/{CANARY}",
        f"https://www.example.com/?{CANARY}",
        f"https://www.example.com/#{CANARY}",
        f"https://{CANARY.upper()}.example.com",
        f"https://{CANARY}.example.com.",
        f"https://{CANARY}ä.example.com",
        f"https://{CANARY}.example.com:0",
        f"https://{CANARY}.example.com:99999",
        f"https://{CANARY}..example.com",
        f"HTTPS://{CANARY}.example.com",
    ],
    "DATABASE_URL": [
        f"'postgres://user:{CANARY}@host/name'",
        f'"postgres://user:{CANARY}@host/name"',
        f'"postgres://user:{CANARY}@host/name',
        f"postgres://user:{CANARY} 1@host/name",
        f"postgres://user:{CANARY}#1@host/name",
        f"postgres://user:{CANARY}?1@host/name",
        f"postgres://user:{CANARY}/1@host/name",
        f"postgres://user:{CANARY}@1@host/name",
        f"postgres://user:{CANARY}[1@host/name",
        f"postgres://user:{CANARY}@host",
        f"postgres://user:{CANARY}@host:0/name",
        f"mysql://user:{CANARY}@host/name",
        f"postgre://user:{CANARY}@host/name",
        f"sqlite://{CANARY}/name",
        f"user:{CANARY}@host/name",
    ],
    "EMAIL_URL": [
        f"'smtp+tls://user:{CANARY}@host:587'",
        f"smtp+tls://user:{CANARY}#1@host:587",
        f"smtp+tls://user:{CANARY}@:587",
        f"consolemail://{CANARY}",
    ],
    "ALLOWED_HOSTS": [f"https://{CANARY}.example.com", f"{CANARY}.example.com:443", f"{CANARY}.example.com/"],
    "BUSINESS_EMAIL": [f"{CANARY}@localhost", f"{CANARY}@@example.com", f"<{CANARY}@example.com>"],
    "BUSINESS_TIME_ZONE": [f"Europe/{CANARY}", "America/New York"],
    "BUSINESS_COUNTRY": ["USA", "us", "XX"],
    "BACKUP_DAYS": ["-7", "0", "99999"],
    "REFUND_DAYS": ["-7", "99999"],
    "PORT": ["0", "-8000", "65536"],
    "SIGN_IN_LIMIT_PER_NETWORK": ["0", "-50", "99999999999"],
    "QUOTE_BUDGETS": ["-1,5", "5,1", "1,,2"],
    "TRAFFIC_NAMESERVER": ["192.0.2.77:0", "192.0.2.77"],
    "SENTRY_DSN": [f"http://{CANARY}@errors.example.com/1", f"https://{CANARY}@errors.example.com/project"],
    "BACKUP_RECIPIENTS": [f"AGE-SECRET-KEY-1{CANARY.upper()}", f"age1{CANARY}"],
    "SECRET_KEY": [f"'{CANARY}{'x' * 50}'", f"{CANARY}\n{'x' * 50}"],
}
CASES = [(name, f"{CANARY} \u2603") for name in VARIABLES] + [(name, slip) for name in SLIPS for slip in SLIPS[name]]
# Reads the settings once for each case, in a process that forks: what they import is imported once.
PROGRAM = """
import json, os, sys
import aitpro.settings
found = []
for name, value in json.load(sys.stdin):
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.dup2(writing, 1), os.dup2(writing, 2)
        os.environ[name] = value
        del sys.modules["aitpro.settings"]
        try:
            import aitpro.settings
        except BaseException:
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, errors="replace") as output:
        text = output.read()
    found.append([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text])
json.dump(found, sys.stdout)
"""


def run(*command: str, stdin: str = "", **changed: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": "/nonexistent", "LANG": "C.UTF-8", **SOUND, **changed}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def starts() -> dict[tuple[str, str], tuple[int, str]]:
    """Exit code and output of each case."""
    done = run("-c", PROGRAM, stdin=json.dumps(CASES))
    assert done.returncode == 0, done.stderr
    return {case: (code, output) for case, (code, output) in zip(CASES, json.loads(done.stdout), strict=True)}


def test_all_variables_are_tried() -> None:
    assert len(VARIABLES) > 70
    assert set(VARIABLES) >= FREE | set(SLIPS)


@pytest.mark.parametrize(("name", "value"), CASES, ids=[f"{name} {value[:14]}" for name, value in CASES])
def test_a_value_that_nobody_means_stops_the_start_and_is_not_shown(
    starts: dict[tuple[str, str], tuple[int, str]], name: str, value: str
) -> None:
    code, output = starts[name, value]
    assert value not in output or len(value) < 5
    assert CANARY not in output.lower()
    if name in FREE and value == CASES[0][1]:
        assert (code, output) == (0, "")
        return
    assert code == 1
    reason = output.strip().splitlines()[-1]
    assert reason.startswith(("django.core.exceptions.ImproperlyConfigured: ", "    django.core.exceptions.Improp"))
    assert name in reason


def test_a_variable_and_its_file_are_not_both_set(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(CANARY)
    done = run("-c", "import aitpro.settings", SECRET_KEY_FILE=str(tmp_path / "secret"))
    assert "SECRET_KEY and SECRET_KEY_FILE are both set: leave out one of them." in done.stderr
    assert CANARY not in done.stderr


def test_a_misspelled_variable_is_named_where_the_right_one_is_missing() -> None:
    done = run("-c", "import aitpro.settings", ENCRYPTION_KEYS="", ENCRYPTION_KEY=CANARY)
    assert "ENCRYPTION_KEYS is missing" in done.stderr
    assert "ENCRYPTION_KEY is set: is it meant for ENCRYPTION_KEYS?" in done.stderr
    assert CANARY not in done.stderr


@pytest.mark.slow
def test_deployment_checks_name_each_setting_and_show_no_value(tmp_path: Path) -> None:
    """All free texts at once, and slips that only a whole site shows."""
    free = {name: f"{CANARY} {name.lower()}" for name in FREE - {"SECRET_KEY", "DATA_DIR"}}
    done = run(
        *("manage.py", "check", "--deploy"),
        **free,
        DATA_DIR=str(tmp_path),
        SITE_URL="https://shop.example",
        ALLOWED_HOSTS=f"{CANARY}.example,localhost,*",
        TRUSTED_PROXIES="0.0.0.0/0",
        BUSINESS_REGION="QQQ",
        BUSINESS_EMAIL=f"{CANARY}@example.com",
        SITE_URI=f"https://{CANARY}.example",
        REFUND_DAYS="3",
        POLICY_LEAVES_OUT=f"privacy_privacyrequest.phone,{CANARY}.phone",
    )
    assert done.returncode == 1
    for name in (
        *("PAYPAL_MODE", "EMAIL_URL", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "BUSINESS_REGION", "BUSINESS_EMAIL"),
        *("BUSINESS_PHONE", "The variable SITE_URI is read by nothing", "REFUND_DAYS", "Entry 2 of POLICY_LEAVES_OUT"),
    ):
        assert name in done.stderr, name
    assert CANARY not in done.stderr + done.stdout
    assert "(aitpro.E002)" in done.stderr


@pytest.mark.slow
def test_a_demo_with_https_is_warned_of_and_not_refused(tmp_path: Path) -> None:
    done = run(
        *("manage.py", "check", "--deploy"),
        DATA_DIR=str(tmp_path),
        SITE_URL="https://localhost:8443",
        TRUSTED_PROXIES="127.0.0.1/32",
    )
    assert done.returncode == 0, done.stderr
    assert "PAYPAL_MODE is standin" in done.stderr
    assert "EMAIL_URL names no mail server" in done.stderr

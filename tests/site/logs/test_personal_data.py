"""Whatever a programmer logs by mistake, no handler writes what is personal or opens something."""

from __future__ import annotations

import json
import logging
import re
import secrets
import uuid
from base64 import urlsafe_b64encode
from hashlib import sha256
from io import StringIO

import pytest

from aitpro.logs.formatters import FORMATTERS
from aitpro.logs.personal_data import without_personal_data
from privacy.encryption.keys import RootKey
from privacy.encryption.tokens import generate_token
from shop.delivery.license_keys import new_license_key

PERSONAL = {
    "email": "jane.doe+shop@example.org",
    "email of another script": "jäne@bücher.example",
    "email in a URL": "jane%40example.org",
    "quoted email": '"Jane Doe"@example.org',
    "email in brackets": "<jane@example.org>",
    "IPv4 address": "203.0.113.77",
    "IPv4 address with a port": "203.0.113.77:44321",
    "IPv4 address in a host name": "host-203-0-113-77",
    "IPv6 address": "2001:db8::7a:1",
    "IPv6 address in brackets": "[2001:db8:0:1:2:3:4:5]:443",
    "mapped IPv4 address": "::ffff:203.0.113.77",
    "private address": "10.1.2.3",
    "phone": "805-651-8516",
    "phone with a country code": "+49 30 1234567",
    "phone with parentheses": "(805) 651-8516",
    "phone with both": "+1 (805) 651-8516",
    "phone without spaces": "8056518516",
    "short phone": "651-8516",
    "card": "4111 1111 1111 1111",
    "card without spaces": "4111111111111111",
    "token": generate_token(),
    "hexadecimal token": secrets.token_hex(32),
    "short token": secrets.token_hex(16),
    "session key": "k3v9x0q2m8w5z7r1t6y4u2i0o9p8a7s6",
    "license key": new_license_key(),
    "encryption key": RootKey.generate().written_out(),
    "sealed bytes": repr(b"\x01test" + bytes(range(128, 190))),
    "escaped bytes": r"\x01\x9f\x80\x81",
    "password in a URL": "postgres://site:hunter2@db.example.com/aitpro",
}
NAMES_NOBODY = [
    "payment 01a22abe-71e7-7356-8bfe-7d70967ec20f could not be started",
    "event WH-2WR32451HC0233532-67976317FL4543714 is still open",
    "PayPal POST /v1/oauth2/token: 200, debug id a1b2c3d4e5f67",
    "the clock jumped from 2026-03-02 12:00:00 to 2026-03-05T12:00:00.000Z",
    "Listening at: http://127.0.0.1:8000 (12345)",
    "Listening at: http://0.0.0.0:8000 (12345)",
    "Using worker: aitpro.web_worker.LaneWorker",
    "a server in 10.0.0.0/8 forwards requests and is not in TRUSTED_PROXIES: its headers do not count",
    "/srv/aitpro/.venv/lib/python3.11/site-packages/django/core/handlers/exception.py, line 55, in inner",
    "raise InvalidTaskBackendError(",
    "builtins.NotImplementedError in affiliates_commission_one_per_order_and_affiliate",
    "20000000 bytes in 5000 ms, 100% of 3.14",
    "accounts.session.refused: user unknown",
    "tests/site/test_x.py::test_y at 12:30:45",
]


@pytest.mark.parametrize("kind", PERSONAL)
@pytest.mark.parametrize("log_format", FORMATTERS)
def test_no_line_has_personal_data(kind: str, log_format: str) -> None:
    stream = StringIO()
    logger = logging.Logger("careless")
    logger.addHandler(handler := logging.StreamHandler(stream))
    handler.setFormatter(FORMATTERS[log_format]())
    secret = PERSONAL[kind].rpartition("//")[2].strip('"<>[]')
    for around in ("{}", "sent to {}, twice", "x={!r}", "{{'value': '{}'}}", "see {}."):
        logger.warning("before %s after", around.format(PERSONAL[kind]))
        line = stream.getvalue().splitlines()[-1]
        assert "before " in line and " after" in line and "[removed]" in line
        assert secret not in line and json.dumps(secret)[1:-1] not in line
        assert not re.search(r"hunter2|\bjane|8516|1234567|db8|0.113|\\x", line, re.IGNORECASE)


@pytest.mark.parametrize("text", NAMES_NOBODY)
def test_what_names_nobody_stays_readable(text: str) -> None:
    assert without_personal_data(text) == text


def test_ids_of_rows_stay_and_tokens_do_not() -> None:
    """Among so many are tokens without a digit, and such as change seldom."""
    for number in range(2000):
        row, token = (
            str(uuid.UUID(int=number << 64 | number)),
            urlsafe_b64encode(sha256(b"%d" % number).digest()).decode(),
        )
        token = token.rstrip("=")
        assert without_personal_data(f"order {row}: {token}") == f"order {row}: [removed]"


def test_a_long_text_is_cut() -> None:
    shown = without_personal_data("x " * 50_000)
    assert len(shown) < 25_000
    assert shown.endswith(" [cut]")

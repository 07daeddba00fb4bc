"""Whether the site says that it is ready, asked from outside as a monitor does."""

from __future__ import annotations

import json
import time
from urllib.parse import urlsplit

from django.conf import settings

from privacy.web.bounded_http import BoundedHTTP, BoundedHTTPS
from privacy.web.bounded_sockets import deadline

PATIENCE = 90  # seconds; a web instance takes 20 to start on a busy machine
ANSWERS_WITHIN = 15  # seconds
READY = "ready"


def wait_until_ready(address: str) -> str:
    """`READY` as soon as the site says so, else what it said last."""
    ends, said = time.monotonic() + PATIENCE, ""
    while said != READY and time.monotonic() < ends:
        if said:
            time.sleep(2)
        said = _ask(address)
    return said


def _ask(address: str) -> str:
    url = urlsplit(address)
    kind = BoundedHTTPS if url.scheme == "https" else BoundedHTTP
    connection = kind(url.hostname or "", url.port, timeout=ANSWERS_WITHIN)
    # Never in clear text to another machine.
    is_private = url.scheme == "https" or url.hostname in {"localhost", "127.0.0.1", "::1"}
    headers = {"Authorization": f"Bearer {settings.METRICS_TOKEN}"} if settings.METRICS_TOKEN and is_private else {}
    try:
        with deadline(ANSWERS_WITHIN):
            connection.request("GET", url.path or "/readyz", headers=headers)
            answer = json.loads(connection.getresponse().read(100_000))
        parts = ", ".join(f"{name}: {state}" for name, state in answer.get("parts", {}).items() if state != "ok")
        return str(answer["status"]) + (f" ({parts})" if parts else "")
    except Exception as error:  # whatever the address answers
        return f"no answer that says so ({type(error).__name__})"
    finally:
        connection.close()

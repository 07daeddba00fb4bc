"""Chunked bodies from proxies, slow requests, and gunicorn's own responses."""

from __future__ import annotations

import io
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import Client

from aitpro.http.chunked_bodies import ContentLengthMiddleware
from aitpro.web_worker import LARGE
from contacts.models import Inquiry
from shop.models import PayPalEvent
from tests.running_site import ROOT, free_port, wait_for

pytestmark = pytest.mark.one_database

DAVE = {"kind": "question", "name": "Dave", "email": "dave@example.org", "message": "What would a new site cost?"}
CANARY = "canary7f3a"


# --- Through Django ---------------------------------------------------------------------------------------------------
def send_chunked(path: str, body: bytes, content_type: str, **headers: str) -> tuple[str, bytes]:
    """What a WSGI server hands on for a request without a length: the decoded body, which ends by itself."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": content_type,
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.url_scheme": "http",
        **headers,
    }
    seen: list[str] = []
    request_started.disconnect(close_old_connections)  # as Django's test client does
    try:
        answer = ContentLengthMiddleware(WSGIHandler())(environ, lambda status, headers: seen.append(status))
    finally:
        request_started.connect(close_old_connections)
    return seen[0], b"".join(answer)


def form(client: Client) -> tuple[dict[str, str], dict[str, str]]:
    """The fields that the page gave, and the cookie that goes with them."""
    page = client.get("/contact/")
    found = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page.content.decode())
    return {**dict(found), **DAVE}, {"HTTP_COOKIE": f"csrftoken={page.cookies['csrftoken'].value}"}


@pytest.mark.django_db
def test_a_chunked_form_arrives_whole(client: Client) -> None:
    fields, cookie = form(client)
    body = urlencode(fields).encode()
    status, page = send_chunked("/contact/", body, "application/x-www-form-urlencoded", **cookie)
    assert status.startswith("302"), page
    assert [inquiry.message for inquiry in Inquiry.objects.all()] == [DAVE["message"]]


@pytest.mark.django_db
def test_a_chunked_form_that_is_too_large_is_refused_as_any_other(client: Client) -> None:
    fields, cookie = form(client)
    body = urlencode({**fields, "message": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}).encode()
    status, page = send_chunked("/contact/", body, "application/x-www-form-urlencoded", **cookie)
    assert status.startswith("413")
    assert b"too much to send at once" in page
    assert not Inquiry.objects.exists()


@pytest.mark.django_db
def test_a_chunked_message_of_paypals_is_judged_by_its_signature_and_its_size() -> None:
    """An empty body would be "not an event" before any signature is looked at."""
    status, answer = send_chunked("/paypal/webhook/", b'{"id": "forged"}', "application/json")
    assert (status[:3], answer) == ("400", b"This request is not signed by PayPal.")
    status, answer = send_chunked("/paypal/webhook/", b" " * (1024 * 1024 + 1), "application/json")
    assert (status[:3], answer) == ("413", b"The request body is too large.")
    assert not PayPalEvent.objects.exists()


# --- Through gunicorn -------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """gunicorn with the site's configuration, and what it logs; a request must be there after five seconds."""
    port, log = free_port(), tmp_path_factory.mktemp("gunicorn") / "log"
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--workers", "1"]
    command += ["--access-logfile", "-", "--bind", f"127.0.0.1:{port}", "tests.site.forms.echo_app"]
    address = f"http://127.0.0.1:{port}"
    with log.open("wb") as output, subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as process:
        try:
            wait_for(lambda: b"Booting worker" in log.read_bytes(), "gunicorn")
            yield address, log
        finally:
            process.terminate()


def raw(address: str, request: bytes, *pieces: bytes, pause: float = 0) -> bytes:
    """Everything that the server answers to these bytes, sent one piece after another."""
    where = urlsplit(address)
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        connection.sendall(request)
        try:
            for piece in pieces:
                time.sleep(pause)
                connection.sendall(piece)
        except OSError:
            pass  # it has answered, and reads no more
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


CHUNKED = b"POST /%s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
WITH_LENGTH = b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 1, 5_000_000])
def test_a_chunked_body_gets_its_length(server: tuple[str, Path], size: int) -> None:
    pieces = (b"x" * min(100_000, size - sent) for sent in range(0, size, 100_000))
    assert requests.post(f"{server[0]}/form", data=pieces, timeout=30).text == f"{size} of {size} at |/form"


@pytest.mark.slow
def test_a_body_beyond_the_limit_is_refused(server: tuple[str, Path]) -> None:
    most = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    body = b"%x\r\n" % (most + 1) + b"x" * (most + 1) + b"\r\n0\r\n\r\n"
    assert raw(server[0], CHUNKED % b"form", body).startswith(b"HTTP/1.1 413 ")
    assert raw(server[0], WITH_LENGTH % (b"form", most + 1)).startswith(b"HTTP/1.1 413 ")
    assert raw(server[0], WITH_LENGTH % (b"accounts/login/", 100_000)).startswith(b"HTTP/1.1 413 ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("request_bytes", "status", "words"),
    [
        (WITH_LENGTH % (b"form", 1_000_000_000), b"413", b"too much to send at once"),
        (b"GET /?q=" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414", b"address is too long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"x" * 17000 + b"\r\n\r\n", b"431", b"Delete this site's cookies"),
        (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", b"400", b"Start again"),
    ],
    ids=["413", "414", "431", "400"],
)
def test_refusals_before_the_site_have_its_design(
    server: tuple[str, Path], request_bytes: bytes, status: bytes, words: bytes
) -> None:
    answer = raw(server[0], request_bytes)
    head, _, page = answer.partition(b"\r\n\r\n")
    assert head.split()[1] == status
    assert words in page.replace(b"&#x27;", b"'")
    assert b"aitpro/areas/site.css" in page
    assert b"style-src 'self'" in head
    assert int(head.lower().partition(b"content-length: ")[2].split()[0]) == len(page)


@pytest.mark.slow
def test_long_addresses_and_many_cookies_are_normal(server: tuple[str, Path]) -> None:
    answer = requests.get(f"{server[0]}/?q={'x' * 8000}", headers={"Cookie": f"a={'x' * 16000}"}, timeout=30)
    assert answer.status_code == 200


SLOW = {
    "chunked": (CHUNKED % b"form", b"1\r\nx\r\n"),
    "with a length": (WITH_LENGTH % (b"form", 5000), b"x"),
    "to the lane, chunked": (CHUNKED % b"accounts/login/", b"1\r\nx\r\n"),
    "to the lane, with a length": (WITH_LENGTH % (b"accounts/login/", 5000), b"x"),
    "in the head": (b"GET /page HTTP/1.1\r\nX-Slow: ", b"x"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", SLOW)
def test_slow_request_holds_no_page_thread(server: tuple[str, Path], kind: str) -> None:
    """Eight times as many drip as there are threads for pages, and no visitor waits for the end of them."""
    head, drop = SLOW[kind]
    with ThreadPoolExecutor(32) as strangers:
        drips = [strangers.submit(raw, server[0], head, *[drop] * 20, pause=0.5) for _ in range(32)]
        time.sleep(0.5)
        assert requests.get(f"{server[0]}/page", timeout=20).text == "0 of 0 at |/page"
        assert requests.post(f"{server[0]}/form", data="hello", timeout=20).text == "5 of 5 at |/form"
        assert not any(drip.done() for drip in drips)
    ends = {drip.result()[:13] for drip in drips}
    assert ends <= ({b""} if kind == "in the head" else {b"HTTP/1.1 408 ", b""})


@pytest.mark.slow
def test_stalled_request_gets_408(server: tuple[str, Path]) -> None:
    for head in (CHUNKED % b"form" + b"5\r\nx", WITH_LENGTH % (b"form", 5000) + b"x"):
        assert raw(server[0], head).startswith(b"HTTP/1.1 408 ")


@pytest.mark.slow
def test_a_body_on_a_slow_line_may_take_longer_than_a_short_one(server: tuple[str, Path]) -> None:
    pieces = [b"x" * 64 * 1024] * 12
    answer = raw(server[0], WITH_LENGTH % (b"form", len(b"".join(pieces))), *pieces, pause=0.6)
    assert answer.endswith(b"786432 of 786432 at |/form"), answer


@pytest.mark.slow
def test_only_some_large_bodies_are_in_memory_at_once(server: tuple[str, Path]) -> None:
    head = WITH_LENGTH % (b"form", 100_000)
    with ThreadPoolExecutor(LARGE + 1) as strangers:
        uploads = [strangers.submit(raw, server[0], head, b"x" * 70_000) for _ in range(LARGE)]
        time.sleep(1)
        uploads.append(strangers.submit(raw, server[0], head, b"x" * 100_000))
        time.sleep(1)
        assert requests.post(f"{server[0]}/form", data="hello", timeout=20).text == "5 of 5 at |/form"
        assert not any(upload.done() for upload in uploads)
    assert {upload.result()[:13] for upload in uploads[:LARGE]} == {b"HTTP/1.1 408 "}
    assert uploads[LARGE].result()[:13] in {b"HTTP/1.1 200 ", b"HTTP/1.1 503 "}


@pytest.mark.slow
def test_lingering_connection_blocks_nobody(server: tuple[str, Path]) -> None:
    """gunicorn waits two seconds for each, in the thread that takes new connections."""
    where = urlsplit(server[0])
    with ExitStack() as held:
        for _ in range(10):
            connection = held.enter_context(socket.create_connection((where.hostname, where.port), timeout=30))
            connection.sendall(b"GET /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert requests.get(f"{server[0]}/page", timeout=8).text == "0 of 0 at |/page"


@pytest.mark.slow
def test_expect_continue_is_answered(server: tuple[str, Path]) -> None:
    where = urlsplit(server[0])
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        connection.sendall((WITH_LENGTH % (b"form", 5))[:-2] + b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        assert b"5 of 5 at |/form" in b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.slow
@pytest.mark.parametrize("head", [CHUNKED % b"form" + b"5\r\nxx", WITH_LENGTH % (b"form", 5) + b"xx"])
def test_a_body_that_breaks_off_reaches_nobody(server: tuple[str, Path], head: bytes) -> None:
    where = urlsplit(server[0])
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        connection.sendall(head)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


@pytest.mark.slow
@pytest.mark.parametrize(
    "body", [b"zz\r\n", b"5\r\nxx", b"-1\r\nx\r\n", b"ffffffffffffffff\r\nx", b"5\r\nxxxxxyy0\r\n\r\n"]
)
def test_a_broken_chunk_is_refused(server: tuple[str, Path], body: bytes) -> None:
    assert raw(server[0], CHUNKED % b"form", body, b"\r\n\r\n")[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 408"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SCRIPT_NAME", "PATH_INFO", "Script-Name", "REMOTE_USER"])
def test_no_header_moves_the_site_to_another_path(server: tuple[str, Path], name: str) -> None:
    assert requests.get(f"{server[0]}/page", headers={name: "/elsewhere"}, timeout=20).text == "0 of 0 at |/page"


@pytest.mark.slow
@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /%s HTTP/9.9\r\n\r\n",
        b"G\x00T /%s HTTP/1.1\r\n\r\n",
        b"GET /%s HTTP/1.1\r\nX %s: 1\r\n\r\n",
        b"GET /%s HTTP/1.1\r\nContent-Length: %s\r\n\r\n",
        b"POST /%s HTTP/1.1\r\nTransfer-Encoding: %s\r\n\r\n",
        b"POST /%s HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n",
        b"GET /%s HTTP/1.1\r\nExpect: %s\r\n\r\n",
        b"GET /%s/" + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_request_refused_by_gunicorn_is_logged_without_its_content(
    server: tuple[str, Path], request_bytes: bytes
) -> None:
    """Also in the access log, where somebody switches one on."""
    before = server[1].stat().st_size
    answer = raw(server[0], request_bytes.replace(b"%s", CANARY.encode()))
    assert re.match(rb"HTTP/1.1 (4\d\d|501) ", answer)
    log = wait_for(lambda: server[1].read_bytes()[before:], "a line")
    assert CANARY.encode() not in log
    assert b"127.0.0.1" not in log

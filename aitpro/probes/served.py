"""The site as it is really started: gunicorn, with the Procfile's command and the settings of this installation.

What it writes down is kept in the scratch copy's folder, where everything is searched for what was sent here.
"""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bs4 import BeautifulSoup
from django.conf import settings

from privacy.evidence.rehearsal.browser import defaults_of
from privacy.evidence.rehearsal.canaries import CanaryKind, network_address
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal
from privacy.evidence.rehearsal.search import Search

CALLER = "visitor of the started server"
START = 90  # seconds; a busy machine takes its time
CONTACT = "/contact/?kind=question"
# Of `GUNICORN_CMD_ARGS`, what says how much is written down. A file is replaced: the copy's server writes to its own.
LOGGING = {"--access-logfile": "-", "--access-logformat": "", "--log-level": "", "--capture-output": ""}
# What is no request, with a word in it; each ends its connection.
NO_REQUESTS = (
    "GET /{word} HTTP/9.9\r\n\r\n",
    "{word}\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: {host}\r\n{word} : x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: {word}.example\r\n\r\n",
    "GET /{word}" + "x" * 9000 + " HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "POST /contact/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: {word}\r\n\r\n",
    "POST /contact/ HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n{word}\r\n",
    "POST /contact/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 900\r\n\r\nname={word}",
)


@probe("encrypted", "direct-visits-domain-only", stage=Stage.PLANT)
def server_gets_canaries_in_every_part_of_a_request(rehearsal: Rehearsal) -> None:
    caller = Caller(rehearsal)
    with started_server(rehearsal.folder / "web.log") as port:
        caller.visits(port)
        caller.types_into_a_form(port)
        caller.sends_what_is_no_request(port)
        caller.reads_the_figures(port)


@contextmanager
def started_server(log: Path) -> Iterator[int]:
    """The port on which it answers. Raises `LookupError` if it does not start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            command(port),
            cwd=settings.BASE_DIR,
            env=surroundings(port),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def command(port: int) -> list[str]:
    """The Procfile's, on this machine alone and with one process."""
    lines = (Path(settings.BASE_DIR) / "Procfile").read_text().splitlines()
    _, *arguments = shlex.split(next(line for line in lines if line.startswith("web:")).partition(":")[2])
    own = [argument.replace("0.0.0.0", "127.0.0.1").replace("$PORT", str(port)) for argument in arguments]  # noqa: S104
    return [sys.executable, "-m", "gunicorn", *own, "--workers", "1"]


def surroundings(port: int) -> dict[str, str]:
    """As the rehearsal's; this process is the proxy in front of it."""
    proxies = ",".join(filter(None, (os.environ.get("TRUSTED_PROXIES", ""), "127.0.0.1/32")))
    return {
        **os.environ,
        "PORT": str(port),
        "TRUSTED_PROXIES": proxies,
        "GUNICORN_CMD_ARGS": logging_of(os.environ.get("GUNICORN_CMD_ARGS", "")),
    }


def logging_of(arguments: str) -> str:
    """Those options that say what is logged."""
    words = [part for word in shlex.split(arguments) for part in word.split("=", 1)]
    found = []
    for word, value in pairwise([*words, ""]):
        if word in LOGGING:
            found.append(word if word == "--capture-output" else f"{word}={shlex.quote(LOGGING[word] or value)}")
    return " ".join(found)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(START * 10):
        line = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            line.request("GET", "/healthz")
            line.getresponse().read()
            return
        except (OSError, HTTPException):
            if process.poll() is not None:
                break
            time.sleep(0.1)
        finally:
            line.close()
    raise LookupError("the server does not start")


class Caller:
    """Somebody who comes directly, behind a proxy, and sends a new word in each place."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal, self.host = rehearsal, urlsplit(settings.SITE_URL).netloc
        self.network = rehearsal.watch(network_address(), CALLER, "network address", CanaryKind.DIRECT, kept=False)

    def word(self, what: str) -> str:
        self.rehearsal.tried()
        return self.rehearsal.canary(CALLER, what, CanaryKind.DIRECT, kept=False).rstrip("Ö")

    def headers(self) -> dict[str, str]:
        names = ("User-Agent", "Referer", "Accept-Language", "Authorization", "From", "X-Request-Id", "Forwarded")
        words = {name: self.word(f"header {name}") for name in names}
        words["Referer"] = f"https://{words['Referer'].lower()}.example/"
        proxy = {"X-Forwarded-For": self.network, "X-Forwarded-Proto": urlsplit(settings.SITE_URL).scheme}
        return {**words, **proxy, "Host": self.host, "Cookie": f"{self.word('cookie name')}={self.word('cookie')}"}

    def visits(self, port: int) -> None:
        """One kept-alive connection: pages that are there, and that are not, by each method."""
        line = HTTPConnection("127.0.0.1", port, timeout=60)
        for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS", self.word("method").upper()):
            for path in ("/", "/contact/", f"/{self.word('path')}/", "/static/" + self.word("path of a file")):
                query = urlencode({self.word("parameter"): self.word("value")})
                line.request(method, f"{path}?{query}", headers=self.headers())
                answer = line.getresponse()
                answer.read()
                self.rehearsal.expect(answer.status < 500, f"the server answers a {path[:9]} with no error of its own")
        line.close()

    def types_into_a_form(self, port: int) -> None:
        """In a body that comes in chunks. One field is left out, so that nothing is stored and all is shown again."""
        line = HTTPConnection("127.0.0.1", port, timeout=60)
        line.request("GET", CONTACT, headers=self.headers())
        page = line.getresponse()
        form = BeautifulSoup(page.read(), "html.parser").find("textarea", {"name": "message"})
        fields = defaults_of(form.find_parent("form")) if form and form.find_parent("form") else {}  # type: ignore[arg-type]
        self.rehearsal.expect(fields, "the server shows the contact form")
        typed = {name: self.word(f"field {name}") for name in ("name", "phone", "address", "message")}
        body = urlencode({**fields, **typed, "email": ""}, doseq=True).encode()
        headers = {**self.headers(), "Content-Type": "application/x-www-form-urlencoded", "Cookie": _cookies(page)}
        headers |= {"Origin": settings.SITE_URL, "Referer": settings.SITE_URL + CONTACT}
        chunks = (body[start : start + 50] for start in range(0, len(body), 50))
        line.request("POST", CONTACT, body=chunks, headers=headers, encode_chunked=True)
        shown = line.getresponse().read()
        self.rehearsal.expect(typed["message"].encode() in shown, "the server reads a form in chunks")
        line.close()

    def sends_what_is_no_request(self, port: int) -> None:
        for text in NO_REQUESTS:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
                sent = text.replace("{word}", self.word("broken request")).replace("{host}", self.host)
                line.sendall(sent.encode())
                line.shutdown(socket.SHUT_WR)
                while line.recv(65536):
                    pass

    def reads_the_figures(self, port: int) -> None:
        """`/metrics` counted all these requests, and names none of them."""
        line = HTTPConnection("127.0.0.1", port, timeout=60)
        for path in ("/metrics", "/readyz"):
            headers = {"Host": self.host, "X-Forwarded-Proto": urlsplit(settings.SITE_URL).scheme}
            line.request("GET", path, headers={**headers, "Authorization": f"Bearer {settings.METRICS_TOKEN}"})
            text = line.getresponse().read()
            self.rehearsal.expect(b"site:home" in text or path == "/readyz", "the server counts requests")
            self.rehearsal.searched("direct-visits-domain-only")
            for canary in Search(self.rehearsal.canaries).found_in(text):
                self.rehearsal.breach("direct-visits-domain-only", f"{path} names the {canary.what}")
        line.close()


def _cookies(page: HTTPResponse) -> str:
    return "; ".join(cookie.partition(";")[0] for cookie in page.headers.get_all("Set-Cookie", []))

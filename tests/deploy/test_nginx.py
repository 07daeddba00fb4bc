"""deploy/nginx/aitpro.conf in a real nginx, in front of web instances that tell what has reached them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.own_apps import OWN_APPS
from tests.production import certificates, nginx
from tests.production.client import Answer, Client, read_answer, written
from tests.production.parts import Guard, Part, answers_on
from tests.programs import program
from tests.running_site import ROOT, free_port, wait_for

from .echo_upstream import LARGE, Upstream, upstream

pytestmark = [pytest.mark.slow, pytest.mark.one_database]

PAGE = "<html><link rel=stylesheet href=/static/aitpro/plain.css>{} page"
PAGES = ("400", "403", "404", "405", "413", "414", "429", "431", "503", "maintenance")


class Front:
    """nginx with its folder, and two instances behind it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.addresses = nginx.Addresses(free_port(), free_port(), free_port())
        self.ca = certificates.issue(folder, "localhost", "other.localhost")
        self.sockets = [folder / "web-1.sock", folder / "web-2.sock"]
        self.main = nginx.write_configuration(
            folder,
            user=nginx.worker_user(),
            addresses=self.addresses,
            upstreams=nginx.on_sockets(self.sockets),
        )
        self.guard = Guard()
        command = [program("nginx"), "-e", "stderr", "-c", str(self.main)]
        environment = {"PATH": os.environ["PATH"]}
        ready = answers_on(self.addresses.https)
        self.nginx = Part("nginx", command, guard=self.guard, folder=folder, environment=environment, is_ready=ready)
        self.instances = ExitStack()
        self.upstreams: list[Upstream] = []

    def start(self) -> None:
        for path in self.sockets:
            self.upstreams.append(self.instances.enter_context(upstream(path)))
        self.nginx.start()

    def stop(self) -> None:
        self.nginx.stop()
        self.instances.close()
        self.guard.dismiss()

    @property
    def accepted(self) -> int:
        return sum(each.accepted for each in self.upstreams)

    @property
    def answered(self) -> int:
        return sum(each.answered for each in self.upstreams)

    def client(self, source: str = "127.0.0.1") -> Client:
        return Client(self.ca, self.addresses.https, self.addresses.http, source)

    def log(self) -> str:
        return (self.folder / "aitpro.log").read_text()


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    """In a folder that nginx's own user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="aitpro-www-"))
    folder.chmod(0o755)
    _write_published_files(folder)
    front = Front(folder)
    try:
        front.start()
        yield front
    finally:
        front.stop()
        shutil.rmtree(folder)


def _write_published_files(folder: Path) -> None:
    """As `manage.py publish_static` leaves them."""
    files = {f"_errors/{page}.html": PAGE.format(page) for page in PAGES}
    files |= {"static/aitpro/plain.css": "a{}" * 500, "static/aitpro/site.0123456789ab.css": "b{}" * 500}
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    subprocess.run(["gzip", "--keep", folder / "static/aitpro/site.0123456789ab.css"], check=True)
    subprocess.run(["chmod", "--recursive", "a+rX", folder / "static", folder / "_errors"], check=True)


@pytest.fixture(autouse=True)
def other_network() -> Iterator[None]:
    """Each test has the limits of a network to itself: see `client`."""
    yield
    _NETWORK.append(_NETWORK[-1] + 1)


_NETWORK = [10]


@pytest.fixture
def client(front: Front) -> Client:
    return front.client(f"127.0.{_NETWORK[-1]}.1")


def reached(answer: Answer) -> dict[str, Any]:
    """What the web instance got, with the names of headers in small letters."""
    assert answer.status == 200, answer
    echo: dict[str, Any] = json.loads(answer.body)
    echo["headers"] = {name.lower(): value for name, value in echo["headers"].items()}
    return echo


# --- the syntax ---


def test_debians_own_nginx_conf_takes_the_site(front: Front, tmp_path: Path) -> None:
    """No directive collides with what it sets for all sites."""
    own = Path("/etc/nginx/nginx.conf").read_text()
    assert "include /etc/nginx/conf.d/*.conf;" in own
    own = own.replace("include /etc/nginx/conf.d/*.conf;", f"include {tmp_path}/site.conf;")
    site = (front.folder / "site.conf").read_text().replace(f"{front.folder}/temp-downloads", "/var/lib/nginx/proxy")
    (tmp_path / "site.conf").write_text(site)
    own = own.replace("include /etc/nginx/sites-enabled/*;", "").replace("/var/log/nginx/", f"{tmp_path}/")
    own = own.replace("/run/nginx.pid", f"{tmp_path}/nginx.pid")
    (tmp_path / "nginx.conf").write_text(own)
    done = subprocess.run(
        [program("nginx"), "-t", "-e", "stderr", "-c", tmp_path / "nginx.conf"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "test is successful" in done.stderr, done.stderr


# --- headers ---

FORGED = [
    "SCRIPT_NAME: /evil",
    "Script-Name: /evil",
    "PATH_INFO: /evil",
    "Path-Info: /evil",
    "REMOTE_ADDR: 192.0.2.1",
    "Remote-User: staff@example.com",
    "X-Forwarded-For: 192.0.2.1",
    "X-Forwarded-Proto: http",
    "X-Forwarded-Protocol: ssl",
    "X-Forwarded-Ssl: off",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Port: 81",
    "X-Forwarded-Prefix: /evil",
    "Forwarded: for=192.0.2.1;host=evil.example;proto=http",
    "X-Real-IP: 192.0.2.1",
    "X-Request-ID: forged",
    "X-Original-URL: /admin/",
    "X-Rewrite-URL: /admin/",
    "X-HTTP-Method-Override: DELETE",
    "Proxy: http://192.0.2.1/",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
]


def test_forged_headers_do_not_reach_the_site(client: Client) -> None:
    headers = reached(client.get("/about/", headers=FORGED))["headers"]
    assert headers["host"] == f"localhost:{client.https}"
    assert headers["x-forwarded-for"] == client.source
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-request-id"] != "forged"
    assert set(headers) == {"host", "x-forwarded-for", "x-forwarded-proto", "x-request-id", "connection"}


def passed_headers() -> set[str]:
    names = re.findall(r"proxy_set_header ([\w-]+) ", nginx.SITE_CONFIGURATION.read_text())
    return {name.lower() for name in names} | {"content-length"}  # nginx writes this one itself


def test_every_header_that_the_site_reads_is_passed_on() -> None:
    read = set()
    for app in OWN_APPS:
        for file in (ROOT / app).rglob("*.py"):
            text = file.read_text()
            read |= set(re.findall(r'request\.headers(?:\.get\(|\[)"([^"]+)"', text))
            read |= {name.replace("_", "-") for name in re.findall(r'"HTTP_([A-Z_]+)"', text)}
            read |= set(re.findall(r'"(paypal-(?:auth|cert|transmission)-[a-z]+)"', text))
    read = {name.lower() for name in read}
    assert {"sec-gpc", "paypal-cert-url", "range"} <= read
    never = {"x-forwarded-host", "transfer-encoding"}  # the first is forged or absent; bodies arrive whole
    assert read - never - passed_headers() == set()


def test_headers_of_browsers_and_of_paypal_are_passed_on(client: Client) -> None:
    sent = {
        "Accept": "text/html",
        "Accept-Encoding": "gzip",
        "Authorization": "Bearer x",
        "Cookie": "a=1; b=2",
        "DNT": "1",
        "Origin": "https://localhost",
        "PayPal-Transmission-Id": "42",
        "Range": "bytes=0-1",
        "Referer": "https://localhost/",
        "Sec-GPC": "1",
        "User-Agent": "Mozilla/5.0",
    }
    headers = reached(client.post("/x/", headers=[f"{name}: {value}" for name, value in sent.items()]))["headers"]
    assert {name: headers.get(name.lower()) for name in sent} == sent
    assert headers["content-type"] == "application/x-www-form-urlencoded"


def test_two_hosts_in_one_request_are_refused(client: Client) -> None:
    assert client.get("/", headers=["Host: evil.example"]).status == 400


def test_path_reaches_the_site_as_it_was_sent(client: Client) -> None:
    path = "/go/DEMO//a%2Fb/./c?x=%00&y=%C3%BC"
    assert reached(client.get(path))["path"] == path


# --- TLS and names ---


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_current_versions_of_tls_are_spoken(front: Front, version: ssl.TLSVersion) -> None:
    assert _handshake(front, _context(front, version)).replace(".", "_") == version.name


def test_old_versions_of_tls_are_refused(front: Front) -> None:
    with pytest.warns(DeprecationWarning):
        old = _context(front, ssl.TLSVersion.TLSv1_1)
    with pytest.raises(ssl.SSLError, match="(?i)version|alert"):
        _handshake(front, old)


def _context(front: Front, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(front.ca))
    context.set_ciphers("DEFAULT@SECLEVEL=0")  # what OpenSSL demands for older versions
    context.minimum_version = context.maximum_version = version
    return context


def _handshake(front: Front, context: ssl.SSLContext) -> str:
    with (
        socket.create_connection(("127.0.0.1", front.addresses.https), 10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        return str(connection.version())


def test_http_2_is_spoken(client: Client) -> None:
    with client.connect(protocols=["h2", "http/1.1"]) as connection:
        assert connection.selected_alpn_protocol() == "h2"
        authority = f"localhost:{client.https}".encode()
        fields = bytes([0x82, 0x84, 0x87, 0x41, len(authority)]) + authority  # GET, /, https (RFC 7541, appendix A)
        frame = len(fields).to_bytes(3) + bytes([1, 5]) + (1).to_bytes(4) + fields  # HEADERS, the stream's last
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]) + frame)
        received = b""
        while b'"path": "/"' not in received:
            received += (piece := connection.recv(65536))
            assert piece, received
    assert b"\x88" in received  # :status 200


def test_http_leads_to_https(client: Client) -> None:
    answer = client.get("/products/?a=1", host="localhost", encrypted=False)
    assert (answer.status, answer.headers["location"]) == (301, f"https://localhost:{client.https}/products/?a=1")


def test_form_over_http_is_refused(client: Client) -> None:
    assert client.post("/contact/", host="localhost", encrypted=False).status == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_name_leads_to_the_sites_own_and_keeps_the_form(client: Client, method: str) -> None:
    answer = client.send(method, "/contact/?a=1", name="other.localhost", host="other.localhost")
    assert (answer.status, answer.headers["location"]) == (307, f"https://localhost:{client.https}/contact/?a=1")


def test_nobody_answers_for_a_foreign_name(front: Front, client: Client) -> None:
    before = front.accepted
    with pytest.raises(ssl.SSLError):
        client.get("/", name="evil.example")
    for host, encrypted in (("evil.example", True), ("evil.example", False), ("127.0.0.1", False)):
        with pytest.raises(OSError):
            client.get("/", host=host, encrypted=encrypted)
    assert front.accepted == before


# --- sizes and slow clients ---


def test_body_of_20_megabytes_reaches_the_site(client: Client) -> None:
    assert reached(client.post("/admin/upload/", b"x" * 20_000_000))["bytes"] == 20_000_000


def test_larger_body_gets_the_sites_page(front: Front, client: Client) -> None:
    before = front.accepted
    answer = client.send("POST", "/contact/", headers=["Content-Type: text/plain"], body=b"")  # reaches the site
    assert reached(answer)
    with client.connect() as connection:
        connection.sendall(b"POST /contact/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 21000000\r\n\r\n")
        refused = read_answer(connection)
    assert (refused.status, refused.body) == (413, PAGE.format(413).encode())
    assert front.accepted == before + 1


def test_too_many_cookies_get_the_sites_page(client: Client) -> None:
    assert reached(client.get("/", headers=[f"Cookie: {'x' * 15_000}"]))
    answer = client.get("/", headers=[f"Cookie: {'x' * 17_000}"])
    assert (answer.status, answer.body) == (431, PAGE.format(431).encode())


def test_slow_senders_do_not_reach_the_site(front: Front, client: Client) -> None:
    before = front.accepted
    with ExitStack() as slow:
        for _ in range(20):
            connection = slow.enter_context(client.connect())
            request = written("POST", "/contact/", "localhost", body=b"x" * 1000)
            connection.sendall(request[:-500])
        assert reached(client.get("/about/"))
        assert front.accepted == before + 1
        connection.sendall(request[-500:])
        assert json.loads(read_answer(connection).body)["bytes"] == 1000
    assert front.accepted == before + 2


def test_slow_reader_of_a_large_file_does_not_hold_an_instance(front: Front, client: Client) -> None:
    with client.connect() as connection:
        before = front.answered
        connection.sendall(written("GET", "/downloads/large", "localhost"))
        wait_for(lambda: front.answered == before + 1, "the end of the instance's work", 20)
        assert len(read_answer(connection).body) == LARGE


def test_temporary_files_do_not_stay(front: Front, client: Client) -> None:
    assert reached(client.post("/admin/upload/", b"x" * 1_000_000))
    assert [path for path in front.folder.glob("temp-*/**/*") if path.is_file()] == []


def test_requests_above_the_rate_are_refused_for_this_network_only(front: Front, client: Client) -> None:
    begin = time.monotonic()
    same_network = front.client(client.source.removesuffix("1") + "2")
    received = _many_requests(client, 320) + _many_requests(same_network, 320)
    answers = re.findall(rb"HTTP/1\.1 (\d{3}) ", received)
    assert len(answers) == 640
    assert 201 <= answers.count(b"200") <= 201 + 20 * (time.monotonic() - begin) + 1
    assert set(answers) == {b"200", b"429"}
    assert b"Retry-After: 60\r\n" in received
    assert PAGE.format(429).encode() in received
    assert reached(front.client("127.0.9.1").get("/about/"))
    assert reached(front.client("::1").get("/about/"))["headers"]["x-forwarded-for"] == "::1"


def test_files_that_are_not_there_are_no_way_around_the_rate(client: Client) -> None:
    """The site is asked for them."""
    answers = re.findall(rb"HTTP/1\.1 (\d{3}) ", _many_requests(client, 320, "/static/no-such-file"))
    assert len(answers) == 320
    assert set(answers) == {b"200", b"429"}


def _many_requests(client: Client, count: int, path: str = "/about/") -> bytes:
    """On one connection, as quickly as nginx answers."""
    request = written("GET", path, "localhost").replace(b"Connection: close", b"Connection: keep-alive")
    with client.connect() as connection:
        connection.sendall(request * (count - 1) + request.replace(b"keep-alive", b"close"))
        return b"".join(iter(lambda: connection.recv(65536), b""))


# --- files ---


def test_static_file_with_a_digest_is_kept_for_ever(front: Front, client: Client) -> None:
    before = front.accepted
    answer = client.get("/static/aitpro/site.0123456789ab.css", headers=["Accept-Encoding: gzip"])
    assert answer.status == 200
    assert answer.headers["cache-control"] == "max-age=315360000, public, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/css"
    for name in ("strict-transport-security", "x-content-type-options", "content-security-policy"):
        assert answer.headers[name]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert front.accepted == before


def test_static_file_without_a_digest_is_kept_for_a_minute(client: Client) -> None:
    answer = client.get("/static/aitpro/plain.css")
    assert answer.headers["cache-control"] == "max-age=60, public"
    assert "content-encoding" not in answer.headers


def test_static_file_that_was_not_copied_comes_from_the_site(client: Client) -> None:
    assert reached(client.get("/static/aitpro/new.css"))["path"] == "/static/aitpro/new.css"


def test_private_files_are_not_served(front: Front, client: Client) -> None:
    for path in ("/_errors/503.html", "/static/../privkey.pem", "/static/%2e%2e/privkey.pem", "/static../privkey.pem"):
        assert b"PRIVATE KEY" not in client.get(path).body, path
    assert b"PRIVATE KEY" in (front.folder / "privkey.pem").read_bytes()


def test_pages_are_not_compressed_by_nginx(client: Client) -> None:
    """Which pages may be is known to the site alone (BREACH)."""
    answer = client.get("/contact/", headers=["Accept-Encoding: gzip"])
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "content-encoding" not in answer.headers


def test_answer_of_the_site_cannot_open_files(client: Client) -> None:
    assert reached(client.get("/accel/"))["path"] == "/accel/"


# --- what outsiders don't get ---


@pytest.mark.parametrize("path", ["/metrics", "/metrics?a", "//metrics", "/./metrics", "/%6detrics", "/x/../metrics"])
def test_metrics_are_not_public(front: Front, client: Client, path: str) -> None:
    before = front.accepted
    assert client.get(path, headers=["Authorization: Bearer token"]).status == 404
    assert front.accepted == before


def test_programs_on_this_machine_get_metrics_and_nothing_else(front: Front) -> None:
    inside = Client(front.ca, front.addresses.https, front.addresses.internal)
    answer = inside.get("/metrics", headers=["Authorization: Bearer token"], encrypted=False)
    assert reached(answer)["headers"]["authorization"] == "Bearer token"
    assert reached(answer)["headers"]["x-forwarded-proto"] == "https"
    assert inside.get("/admin/", encrypted=False).status == 404


# --- bad days ---


def test_maintenance_is_switched_by_a_file(front: Front, client: Client) -> None:
    switch = front.folder / "maintenance"
    before = front.accepted
    try:
        switch.touch()
        for answer in (
            *(client.get("/about/"), client.post("/contact/"), client.get("/downloads/x")),
            *(client.get("/static/no-such-file"), client.post("/static/no-such-file")),
        ):
            assert (answer.status, answer.headers["retry-after"]) == (503, "300")
            assert answer.body == PAGE.format("maintenance").encode()
            assert answer.headers["cache-control"] == "no-store"
        assert client.get("/static/aitpro/plain.css").status == 200
        assert front.accepted == before
    finally:
        switch.unlink()
    assert reached(client.get("/about/"))


def test_one_instance_away_costs_no_request_and_both_get_the_sites_page(front: Front, client: Client) -> None:
    front.instances.close()
    front.upstreams.clear()
    try:
        for answer in (client.get("/about/"), client.post("/contact/")):
            assert (answer.status, answer.headers["retry-after"]) == (503, "30")
            assert answer.body == PAGE.format("503").encode()
            assert "style-src 'self'" in answer.headers["content-security-policy"]
        front.upstreams.append(front.instances.enter_context(upstream(front.sockets[0])))
        assert [client.post("/contact/").status for _ in range(10)] == [200] * 10
    finally:
        for path in front.sockets[len(front.upstreams) :]:
            front.upstreams.append(front.instances.enter_context(upstream(path)))
    assert reached(client.get("/about/"))


def test_reload_of_nginx_loses_no_request(front: Front) -> None:
    client, stopped, failed, answered = front.client("127.0.8.1"), threading.Event(), [], []

    def ask() -> None:
        while not stopped.is_set():
            try:
                answered.append(client.get("/static/aitpro/plain.css").status)
            except OSError as error:
                failed.append(error)
            time.sleep(0.01)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        old, asked = front.nginx.children(), len(answered)
        front.nginx.signal(signal.SIGHUP)
        wait_for(lambda old=old: not set(old) & set(front.nginx.children()), "new workers", 30)  # type: ignore[misc]
        wait_for(lambda asked=asked: len(answered) > asked + 20, "more answers", 30)  # type: ignore[misc]
    stopped.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert set(answered) == {200}


# --- logs ---


def test_logs_name_areas_and_nobody(front: Front, client: Client) -> None:
    canary = "canary-5f3c"
    answers = [
        client.get(f"/orders/{canary}/?{canary}=1", headers=[f"User-Agent: {canary}", f"Referer: https://{canary}/"]),
        client.get(f"/{canary}@example.org/"),
        client.get(f"/static/{canary}.css"),
        client.post(f"/accounts/{canary}", f"password={canary}".encode()),
        client.get(f"/{canary}", name="other.localhost", host="other.localhost"),
        client.get("/", headers=[f"Cookie: {canary}{'x' * 17_000}"]),
        client.get(f"/{canary}", headers=[f"Host: {canary}"]),
    ]
    assert [answer.status for answer in answers] == [200, 200, 200, 200, 307, 431, 400]
    with pytest.raises(OSError):
        client.get(f"/{canary}", host=f"{canary}.example")
    lines = front.log()
    for expected in (" GET orders 200 ", " GET other 200 ", " POST accounts 200 ", " GET other 307 ", " 431 "):
        assert expected in lines, lines[-2000:]
    written_down = "".join(path.read_text() for path in front.folder.glob("*.log"))
    assert canary not in written_down
    assert re.search(r"\b127\.0\.\d+\.\d+\b|::1", written_down) is None, written_down

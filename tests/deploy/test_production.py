"""The production set: what its users do, and restarts under their requests."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.production.client import Client, read_answer, written
from tests.production.main_path import walk
from tests.production.site import Production
from tests.running_site import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.one_database]


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    database = "postgresql" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "sqlite"
    with Production(tmp_path_factory.mktemp("production"), database=database, requests_per_second=1000).running() as it:
        yield it


@pytest.fixture
def client(production: Production) -> Client:
    return Client(production.ca, production.addresses.https, production.addresses.http)


@contextmanager
def requests_without_a_failure(client: Client) -> Iterator[list[int]]:
    """Three visitors open pages, each time on a new connection, as long as the block runs. Yields the answers."""
    stopped, answers, errors = threading.Event(), [], []

    def visit() -> None:
        while not stopped.is_set():
            try:
                answers.append(client.get("/support/").status)
            except OSError as error:
                errors.append(error)

    visitors = [threading.Thread(target=visit) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    try:
        wait_for(lambda: len(answers) > 5, "answers")
        yield answers
        seen = len(answers)
        wait_for(lambda: len(answers) > seen + 20, "more answers")
    finally:
        stopped.set()
        for visitor in visitors:
            visitor.join()
    assert errors == []
    assert set(answers) == {200}


def test_main_path_works_through_tls(production: Production) -> None:
    said: list[str] = []
    walk(production, said.append)
    assert len(said) == 6


def test_header_cannot_move_the_site(production: Production, client: Client) -> None:
    forged = ["SCRIPT_NAME: /evil", "Script-Name: /evil", "X-Script-Name: /evil", "X-Forwarded-Prefix: /evil"]
    through_nginx = client.get("/support/", headers=forged)
    with socket.socket(socket.AF_UNIX) as connection:  # as if nginx let them pass
        connection.connect(str(production.sockets[0]))
        connection.sendall(
            written(
                "GET", "/support/", production.url[8:], [*forged, "X-Forwarded-Proto: https", "X-Forwarded-Ssl: off"]
            )
        )
        direct = read_answer(connection)
    for answer in (through_nginx, direct):
        assert answer.status == 200
        assert b'href="/contact/"' in answer.body
        assert b"/evil" not in answer.body


def test_reload_of_gunicorn_loses_no_request(production: Production, client: Client) -> None:
    with requests_without_a_failure(client):
        old = set(production["web-1"].children())
        production["web-1"].signal(signal.SIGHUP)
        wait_for(lambda: not old & set(production["web-1"].children()), "new workers")


def test_restart_of_both_instances_loses_no_request_and_no_form(production: Production, client: Client) -> None:
    """Their sockets stay open meanwhile, as systemd keeps them."""
    erin = production.visitor()
    erin.open("/contact/")
    answers = {"name": "Erin", "email": "erin@example.org", "phone": "", "address": "", "kind": "question"}
    sent = threading.Thread(
        target=lambda: erin.submit("Send the message", **answers, message="Are you there?"), daemon=True
    )
    with requests_without_a_failure(client):
        for name in ("web-1", "web-2"):
            production[name].stop()
        sent.start()
        for name in ("web-1", "web-2"):
            production[name].start()
        sent.join(60)
    assert "Q-" in erin.text
    assert production.mail("erin@example.org", "We received your message")


def test_page_is_read_while_an_instance_is_killed(production: Production, client: Client) -> None:
    with requests_without_a_failure(client):
        production["web-2"].restart(how=production["web-2"].kill)


def test_logs_of_nginx_name_no_visitor(production: Production, client: Client) -> None:
    assert client.get("/orders/a-token/").status == 404
    lines = wait_for(lambda: (production.public / "aitpro.log").read_text(), "the log")
    assert " GET orders 404 " in lines
    assert "127.0.0.1" not in lines
    assert (production.public / "aitpro-error.log").read_text() == ""

"""PostgreSQL is stopped and started under a running site: nobody gets an error page, nothing is done twice or lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from tests.running_site import ROOT, RunningSite, free_port, wait_for
from tests.site.outages.postgresql import Server, postgresql
from tests.site.outages.visitors import assert_everything_once, crowd, worker_lines

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("DATABASE_URL" not in os.environ, reason="a file is not stopped; see the tests of SQLite"),
]

AWAY, BACK = "the database can't be used (", "the database can be used again"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgresql() as server:
        yield server


@pytest.fixture(scope="module")
def site(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    folder = tmp_path_factory.mktemp("site")
    site = RunningSite(folder, server.url, KEYSTORE_URL=server.key_store_url)
    try:
        site.wait_until_ready()
        yield site
    finally:
        site.stop()


def test_buyers_and_writers_press_send_again_and_everything_is_done_once(server: Server, site: RunningSite) -> None:
    with crowd(site) as people:
        wait_for(lambda: len(people.bought) > 2 and len(people.wrote) > 2, "the first customers")
        forms = people.open_forms()
        server.stop()
        before = len(people.bought)
        people.send(forms)
        wait_for(lambda: people.sent_again > 2, "somebody who sends again")
        wait_for(lambda: worker_lines(site, AWAY), "the worker's line")
        server.start()
        wait_for(lambda: len(people.bought) > before + 2, "the customers after it")
    assert people.statuses == {200, 503}
    assert_everything_once(site, people)
    assert site.process.poll() is None  # it ends as soon as one of its processes does
    away = worker_lines(site, AWAY)
    assert len(away) < 4  # not one for each attempt; a busy server may be late once more
    wait_for(lambda: len(worker_lines(site, BACK)) == len(away), "the worker's line")


def start(site: RunningSite, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**site.environment, "DJANGO_SETTINGS_MODULE": "aitpro.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def says(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if text in line:
            return
    raise AssertionError(f"{process.args!r} ended without saying {text!r}, but {said}")


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=30).status_code == 200
    except requests.ConnectionError:  # it says that the database is back before it listens
        return False


def test_each_process_waits_at_its_start_and_ends_at_once_when_asked(server: Server, site: RunningSite) -> None:
    port = free_port()
    commands = {
        "web": ("-m", "gunicorn", "aitpro.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "1"),
        "worker": ("manage.py", "db_worker", "--no-reload"),
        "clock": ("manage.py", "housekeeping", "--every", "60"),
    }
    server.stop()
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            impatient = {name: start(site, *command) for name, command in commands.items()}
            for process in impatient.values():
                says(process, AWAY)
                process.send_signal(number)
            for process in impatient.values():
                process.communicate(timeout=20)
        waiting = {name: start(site, *command) for name, command in commands.items()}
        for process in waiting.values():
            says(process, AWAY)
    finally:
        server.start()
    try:
        for process in waiting.values():
            says(process, BACK)
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/healthz"), "the page")
    finally:
        for process in waiting.values():
            process.terminate()
            process.communicate(timeout=60)
    assert waiting["clock"].returncode == 0

"""Posts to the account pages wait in a lane of their own, and the threads that serve pages stay free."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.running_site import ROOT, free_port, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.one_database]

THREADS = 2


@pytest.fixture
def address() -> Iterator[str]:
    """gunicorn with the site's configuration, one process, two threads, and posts that wait."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--log-level", "error"]
    command += ["--workers", "1", "--threads", str(THREADS), "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen([*command, "tests.site.staff.waiting_app"], cwd=ROOT)
    try:
        wait_for(lambda: _is_up(f"http://127.0.0.1:{port}/"), "gunicorn")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _is_up(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.ConnectionError:
        return False


def test_a_page_is_served_while_more_posts_wait_than_there_are_threads(address: str) -> None:
    def post(number: int) -> requests.Response:
        return requests.post(f"{address}/accounts/login/", data=f"password {number}", timeout=60)

    with ThreadPoolExecutor(THREADS + 3) as strangers:
        posts = [strangers.submit(post, number) for number in range(THREADS + 3)]
        pages = [requests.get(f"{address}/services/", timeout=20).text for _ in range(5)]
        answered_early = [post.done() for post in posts]
        requests.get(f"{address}/release", timeout=20)
        answers = [post.result() for post in posts]
    assert pages == ["a page"] * 5
    assert not any(answered_early)
    assert [answer.text for answer in answers] == [f"password {number}" for number in range(THREADS + 3)]
    assert {answer.headers["Connection"] for answer in answers} == {"close"}


def test_post_outside_accounts_keeps_its_connection(address: str) -> None:
    requests.get(f"{address}/release", timeout=20)
    answer = requests.post(f"{address}/contact/", data="hello", timeout=20)
    assert answer.text == "hello"
    assert answer.headers["Connection"] == "keep-alive"


def test_worker_that_has_answered_enough_is_replaced_and_no_request_is_lost() -> None:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--max-requests", "25", "--max-requests-jitter", "5"]
    server = subprocess.Popen([*command, "--bind", f"127.0.0.1:{port}", "tests.site.http.process_id_app"], cwd=ROOT)

    def ask(number: int) -> list[str]:
        """A post that arrives in two parts, a page on a kept connection, and a sign-in."""
        with requests.Session() as session:
            address = f"http://127.0.0.1:{port}"
            answers = [session.post(f"{address}/contact/", data=iter([b"a=", b"b"]), timeout=60)]
            answers += [session.get(f"{address}/", timeout=60) for _ in range(3)]
            answers += [requests.post(f"{address}/accounts/login/", data="a=b", timeout=60)]
        assert [answer.status_code for answer in answers] == [200] * 5
        return [answer.text for answer in answers]

    try:
        wait_for(lambda: _is_up(f"http://127.0.0.1:{port}/"), "gunicorn")
        with ThreadPoolExecutor(4) as visitors:
            processes = {process for answers in visitors.map(ask, range(60)) for process in answers}
    finally:
        server.terminate()
        server.wait(60)
    assert len(processes) >= 6, processes  # 300 requests, at most 30 for each process

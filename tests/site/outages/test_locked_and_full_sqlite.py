"""SQLite's file is locked by another process, or its disk is full: people send again, and everything is done once."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.running_site import RunningSite, wait_for
from tests.site.outages.visitors import assert_everything_once, crowd, worker_lines

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("DATABASE_URL" in os.environ, reason="a server has no file; see the tests of PostgreSQL"),
]

AWAY, BACK = "the database can't be used (", "the database can be used again"


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def site(small_disk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """It waits a second for a lock instead of twenty."""
    names = {"DATABASE_URL": "aitpro", "KEYSTORE_URL": "keystore"}
    addresses = {name: f"sqlite:///{small_disk}/{file}.sqlite3?timeout=1" for name, file in names.items()}
    site = RunningSite(tmp_path_factory.mktemp("site"), None, **addresses)
    try:
        site.wait_until_ready()
        yield site
    finally:
        site.stop()


def test_file_locked_by_another_process_is_waited_for(site: RunningSite, small_disk: Path) -> None:
    with crowd(site) as people:
        wait_for(lambda: len(people.bought) > 2 and len(people.wrote) > 2, "the first customers")
        forms = people.open_forms()
        with closing(sqlite3.connect(small_disk / "aitpro.sqlite3", timeout=30, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            people.send(forms)
            wait_for(lambda: people.sent_again > 2, "somebody who sends again")
            before = len(people.bought)
            other.execute("ROLLBACK")
        wait_for(lambda: len(people.bought) > before + 2, "the customers after it")
    assert people.statuses == {200, 503}
    assert_everything_once(site, people)
    assert site.process.poll() is None  # it ends as soon as one of its processes does


def test_full_disk_is_waited_for(site: RunningSite, small_disk: Path) -> None:
    filling = small_disk / "filling"
    with crowd(site) as people:
        wait_for(lambda: len(people.bought) > 2 and len(people.wrote) > 2, "the first customers")
        forms = people.open_forms()
        with pytest.raises(OSError, match="No space left"), filling.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        people.send(forms)
        wait_for(lambda: people.sent_again > 2, "somebody who sends again")
        wait_for(lambda: worker_lines(site, f"{AWAY}the disk is full)"), "the worker's line")
        _assert_links_lead_to_their_pages(site)
        before = len(people.bought)
        filling.unlink()
        wait_for(lambda: len(people.bought) > before + 2, "the customers after it")
    assert {200, 503} <= people.statuses <= {200, 429, 503}
    assert_everything_once(site, people)
    assert site.process.poll() is None
    assert len(worker_lines(site, AWAY)) == len(worker_lines(site, BACK))


def _assert_links_lead_to_their_pages(site: RunningSite) -> None:
    """With the cookie that attributes a sale, though the click can't be stored."""
    for link in ("/go/DEMO/products/bps-pro/", "/products/bps-pro/?ref=DEMO"):
        reader = site.visitor("203.0.113.99")
        reader.open(link)
        assert reader.response.status_code == 200
        assert reader.url.startswith(f"{site.url}/products/bps-pro/?ref=DEMO")
        assert "aitpro_referral" in reader.session.cookies
    assert [line for line in site.output if "a visit of an affiliate's link was not stored" in line]

"""A part that hangs costs one thread and a bounded time, whoever asks how often."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import datetime

import pytest

from aitpro.health.lookout import OK, SILENT, Lookout, Part


@pytest.fixture
def released() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def part(name: str, *, service: str | None = None, hangs: threading.Event | None = None, works: bool = True) -> Part:
    def look(*, now: datetime) -> bool:
        if hangs:
            hangs.wait(60)
        if not works:
            raise OSError("secret-host.example")
        return True

    return Part(name, service or name, look, "broken")


def test_part_that_hangs_is_silent_and_the_others_answer(released: threading.Event) -> None:
    lookout = Lookout([part("a", hangs=released), part("b")], seconds=0.2)
    assert lookout.states() == {"a": SILENT, "b": OK}


def test_parts_of_the_same_service_behind_a_hanging_one_are_silent(released: threading.Event) -> None:
    first, second = part("a", service="x", hangs=released), part("b", service="x")
    assert Lookout([first, second], seconds=0.2).states() == {"a": SILENT, "b": SILENT}


def test_part_that_hangs_is_not_asked_twice_at_once(released: threading.Event) -> None:
    lookout = Lookout([part("a", hangs=released)], fresh=-1, seconds=0.05)
    before = threading.active_count()
    for _ in range(5):
        assert lookout.states() == {"a": SILENT}
    assert threading.active_count() <= before + 1


def test_part_that_raises_is_broken_in_our_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert Lookout([part("a", works=False)]).states() == {"a": "broken"}
    assert "OSError" in caplog.text
    assert "secret-host" not in caplog.text


def test_a_change_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    lookout = Lookout([part("a", works=False)], fresh=-1)
    for _ in range(3):
        lookout.states()
    assert [record.getMessage() for record in caplog.records] == ["health: a: broken"]


def test_callers_meanwhile_get_what_was_known(released: threading.Event) -> None:
    lookout = Lookout([part("a")], fresh=-1, seconds=30)
    assert lookout.states() == {"a": OK}
    lookout.parts = (part("a", hangs=released),)
    asking = threading.Thread(target=lookout.states)
    asking.start()
    while not lookout._one_at_a_time.locked():
        pass
    assert lookout.states() == {"a": OK}
    released.set()
    asking.join(30)

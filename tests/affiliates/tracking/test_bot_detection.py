"""How many people are taken for programs, and how many programs for people: on the fixtures of Matomo's device
detector, which `device_detector` brings along.

All its entries count: those of `bots.yml` are programs, those of every other file are people. Of the latter, HTTP
libraries by the fixtures' own label (Wget, okhttp, Ruby) are counted apart, because nobody clicks in them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import pytest
import yaml
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from affiliates.tracking.bot_detection import UNRELIABLE_BOT_PATTERNS
from affiliates.tracking.visit_kinds import Visit, program

MOST_LOST, MOST_PASSED = 0.0005, 0.05
BUILD = "Mozilla/5.0 (Linux; Android 15; {} Build/AP3A.240617.008) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0"


class Collection(NamedTuple):
    people: list[str]
    libraries: list[str]
    programs: list[str]


@cache
def collection() -> Collection:
    found = Collection([], [], [])
    folder = files("device_detector") / "tests" / "fixtures" / "upstream"
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if not file.name.endswith(".yml"):
            continue
        entries: list[dict[str, Any]] = yaml.load(file.read_bytes(), yaml.CSafeLoader)  # noqa: S506
        for entry in entries:
            client = entry.get("client")
            is_library = isinstance(client, dict) and client.get("type") == "library"
            kind = "programs" if file.name == "bots.yml" else "libraries" if is_library else "people"
            getattr(found, kind).append(entry["user_agent"])
    return found


@pytest.mark.exhaustive
def test_user_agent_collection_is_complete() -> None:
    assert len(collection().people) + len(collection().libraries) > 36_900
    assert len(collection().libraries) < 60
    assert len(collection().programs) > 1_300


@pytest.mark.exhaustive
def test_at_most_one_browser_in_2000_is_classified_as_bot() -> None:
    lost = [agent for agent in collection().people if program.__wrapped__(agent)]
    assert len(lost) <= MOST_LOST * len(collection().people), "\n".join(lost)


@pytest.mark.exhaustive
def test_at_most_one_bot_in_20_is_classified_as_browser() -> None:
    passed = [agent for agent in collection().programs if not program.__wrapped__(agent)]
    assert len(passed) <= MOST_PASSED * len(collection().programs), "\n".join(passed)


@pytest.mark.parametrize("device", ["CPH2581", "PKC110", "RMX5131", "Infinix-X6833B", "XBot_Senior", "Spider 8"])
def test_phone_name_or_build_is_no_bot(device: str) -> None:
    assert program(BUILD.format(device)) is None


def test_sogou_browser_is_no_bot_but_its_crawler_is() -> None:
    assert program(f"{BUILD.format('SUGAR F11')} SogouMSE,SogouMobileBrowser/5.6.0") is None
    assert program("Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)") is Visit.BOT


def test_bot_with_phone_name_is_bot() -> None:
    agent = "Mozilla/5.0 (Linux; Android 8.0; Pixel 2 Build/OPD3.170816.012; DuplexWeb-Google/1.0) AppleWebKit/537.36"
    assert program(agent) is Visit.BOT


def test_excluded_bot_patterns_still_exist_in_list() -> None:
    assert {entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA} >= UNRELIABLE_BOT_PATTERNS

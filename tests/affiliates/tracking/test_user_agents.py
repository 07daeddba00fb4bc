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

from affiliates.tracking.bot_detection import NOT_PROGRAMS_ALONE
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
def test_the_collection_is_whole() -> None:
    assert len(collection().people) + len(collection().libraries) > 36_900
    assert len(collection().libraries) < 60
    assert len(collection().programs) > 1_300


@pytest.mark.exhaustive
def test_at_most_one_person_in_two_thousand_is_taken_for_a_program() -> None:
    lost = [agent for agent in collection().people if program.__wrapped__(agent)]
    assert len(lost) <= MOST_LOST * len(collection().people), "\n".join(lost)


@pytest.mark.exhaustive
def test_at_most_one_program_in_twenty_passes_for_a_person() -> None:
    passed = [agent for agent in collection().programs if not program.__wrapped__(agent)]
    assert len(passed) <= MOST_PASSED * len(collection().programs), "\n".join(passed)


@pytest.mark.parametrize("device", ["CPH2581", "PKC110", "RMX5131", "Infinix-X6833B", "XBot_Senior", "Spider 8"])
def test_no_build_or_name_of_a_telephone_is_a_program(device: str) -> None:
    assert program(BUILD.format(device)) is None


def test_sogous_browser_is_a_persons_and_its_spider_a_program() -> None:
    assert program(f"{BUILD.format('SUGAR F11')} SogouMSE,SogouMobileBrowser/5.6.0") is None
    assert program("Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)") is Visit.BOT


def test_a_program_behind_a_telephones_name_is_one() -> None:
    agent = "Mozilla/5.0 (Linux; Android 8.0; Pixel 2 Build/OPD3.170816.012; DuplexWeb-Google/1.0) AppleWebKit/537.36"
    assert program(agent) is Visit.BOT


def test_what_is_left_out_of_the_list_is_still_in_it() -> None:
    assert {entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA} >= NOT_PROGRAMS_ALONE

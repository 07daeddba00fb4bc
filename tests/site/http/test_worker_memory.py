"""What keeps the web workers small: shared modules, and freed memory that is given back."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.running_site import ROOT

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.one_database]

SHARED = """
import json, sys
import django
django.setup()
from django.conf import settings
from django.template import engines
from django.urls import get_resolver
from aitpro.shared_memory import load_what_workers_share
get_resolver().url_patterns
load_what_workers_share()
before = set(sys.modules)
engines["django"].engine.get_template("base.html")
from privacy.registry.deadlines import next_business_day
from datetime import date
next_business_day(date(2026, 7, 4))
print(json.dumps({"loaded": sorted(before), "later": sorted(set(sys.modules) - before)}))
"""

HASHES = """
import os, runpy
from concurrent.futures import ThreadPoolExecutor
from argon2.low_level import Type, hash_secret

def size():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def hash_some(number):
    for _ in range(3):
        hash_secret(b"password", b"salt" * 4, 2, 19 * 1024, 1, 32, Type.ID)

runpy.run_path("gunicorn.conf.py")
before = size()
with ThreadPoolExecutor(4) as threads:
    list(threads.map(hash_some, range(12)))
print(size() - before)
"""


def run(program: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_workers_share_what_pages_need_and_pdf_code_is_not_loaded(environment: dict[str, str]) -> None:
    modules = json.loads(run(SHARED, environment))
    assert {"holidays.countries.united_states", "aitpro.pages.views", "clients.quotes.views"} <= set(modules["loaded"])
    assert not [name for name in modules["loaded"] if name.split(".")[0] in {"fpdf", "fontTools"}]
    assert modules["later"] == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_of_password_hashes_is_given_back(environment: dict[str, str]) -> None:
    assert int(run(HASHES, environment)) < 10_000_000

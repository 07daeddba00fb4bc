"""One benchmark on the databases that `BENCH_DATABASES` names: `python -m benchmarks.one MODULE`.

Prints each ratio as a line `ratio {…}`, and why it can't be measured as a line `unmeasured …`.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from importlib import import_module

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
django.setup()

from django.test.utils import setup_test_environment  # noqa: E402

from .timing import Unmeasured  # noqa: E402

setup_test_environment()
try:
    for ratio in import_module(f"benchmarks.{sys.argv[1]}").measure():
        print("ratio", json.dumps(asdict(ratio), ensure_ascii=False), flush=True)
except Unmeasured as reason:
    print("unmeasured", reason, flush=True)

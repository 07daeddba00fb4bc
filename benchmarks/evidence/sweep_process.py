"""One sweep in a separate process, as at night. Prints seconds, peak memory in KiB, and the number of tables not fully
read.

`SWEPT` names the databases of the benchmark that started it.
"""

import os
import time
from pathlib import Path
from threading import Event, Thread

import django
from django.conf import settings

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
for alias, name in zip(("default", "keystore"), os.environ["SWEPT"].split(","), strict=True):
    settings.DATABASES[alias]["NAME"] = name
django.setup()

from privacy.evidence.sweep.run import sweep  # noqa: E402

own: list[int] = []  # KiB; excluding the database file, which SQLite maps into memory
ended = Event()


def watch() -> None:
    while not ended.wait(0.05):
        status = Path("/proc/self/status").read_text()
        own.append(int(status.partition("RssAnon:")[2].split()[0]))


os.nice(10)
watcher = Thread(target=watch)
watcher.start()
began = time.perf_counter()
report = sweep()
seconds = time.perf_counter() - began
ended.set()
watcher.join()
print(seconds, max(own), sum(place.startswith("the rest of the table") for place in report.unreached))

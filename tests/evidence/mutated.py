"""The rehearsal's process with one hole in its code: `python -m tests.evidence.mutated NAME REPORT`."""

import os
import sys

import django

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "aitpro.settings"
    django.setup()

    from privacy.rehearsal.process import run
    from tests.evidence import holes  # noqa: F401  (registers them)
    from tests.evidence.mutations import MUTATIONS

    if sys.argv[1] != "nothing":
        MUTATIONS[sys.argv[1]].apply()
    run(sys.argv[2])

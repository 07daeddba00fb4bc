"""The scratch copy's process, started by `scratch_copy` with its own environment.

`python -m privacy.evidence.rehearsal prepare` creates its databases, `… REPORT` runs the rehearsal.
"""

import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aitpro.settings")
    django.setup()

    from .process import run

    run(sys.argv[1])

"""The scratch copy's process, started by `scratch` with an environment of its own.

`python -m privacy.evidence.rehearsal prepare` makes its databases, `… REPORT` rehearses in them.
"""

import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aitpro.settings")
    django.setup()

    from .process import run

    run(sys.argv[1])

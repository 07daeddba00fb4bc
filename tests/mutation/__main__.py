"""`python -m tests.mutation [PLACES]`; exits with 1 for a survivor that `docs/mutation.md` does not answer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .session import Mutating, answered, files_below

ROOT = Path(__file__).resolve().parent.parent.parent
PLACES = ["privacy", "affiliates/tracking"]
TESTS = ["tests/privacy", "tests/affiliates", "tests/accounts", "tests/contacts", "tests/traffic"]
# In one order, without what looks after other processes' rubbish, which a fork leaves behind.
OPTIONS = ["-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:unraisableexception", "-m", "not slow"]


def main(places: list[str]) -> int:
    mutating = Mutating([*files_below(ROOT, places or PLACES)], ROOT)
    code = pytest.main([*OPTIONS, "--capture=no", *TESTS], plugins=[mutating])
    known = answered(ROOT)
    left = [mutant for mutant in mutating.survivors if str(mutant) not in known]
    print(f"{mutating.killed} killed, {len(mutating.survivors)} survived, {len(left)} of them not answered")
    return int(bool(left) or code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

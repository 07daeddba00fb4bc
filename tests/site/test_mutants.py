"""The small steps of `make mutation`: which there are, and that they reach functions that exist."""

from __future__ import annotations

from pathlib import Path

from tests.mutation.mutants import apply, mutants_of

SOURCE = '''
MODULE = 1 + 1


def decide(number, wish=True):
    """Nothing here is changed."""
    if number < 3 and not wish:
        raise ValueError("a sentence is left alone")
    return {"answer": max(number, 7)}
'''
FILE = Path("somewhere.py")


def test_each_step_within_a_function_is_taken_once() -> None:
    steps = [f"{mutant.before} → {mutant.after}" for mutant in mutants_of(FILE, SOURCE)]
    assert sorted(steps) == sorted(
        [
            "if number < 3 and (not wish): → if not (number < 3 and (not wish)):",
            "number < 3 and (not wish) → number < 3 or not wish",
            "number < 3 → number <= 3",
            "3 → 4",
            "not wish → wish",
            "raise ValueError('a sentence is left alone') → pass",
            "return {'answer': max(number, 7)} → return None",
            "'answer' → 'answerX'",
            "max → min",
            "7 → 8",
        ]
    )


def test_a_step_changes_the_function_that_exists() -> None:
    there: dict[str, object] = {}
    exec(compile(SOURCE, str(FILE), "exec"), there)
    decide = there["decide"]
    assert decide(1) == {"answer": 7}  # type: ignore[operator]
    [mutant] = [each for each in mutants_of(FILE, SOURCE) if each.before == "max"]
    assert apply(mutant, str(FILE))
    assert decide(1) == {"answer": 1}  # type: ignore[operator]

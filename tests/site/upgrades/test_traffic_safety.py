"""Migrations after the first release may run while the previous release serves."""

from __future__ import annotations

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.functions import Now, Random

from aitpro.upgrades.traffic_safety import dangers
from tests.own_apps import OWN_APPS

# The migrations of the last release, "app.name". Nothing is released yet. How a release is made: docs/upgrades.md.
RELEASED: frozenset[str] = frozenset()

CREATE = migrations.CreateModel(
    "Parcel", [("id", models.BigAutoField(primary_key=True)), ("town", models.CharField(max_length=20))]
)


def migration(*operations: Operation, name: str = "0002_next", **attributes: object) -> migrations.Migration:
    kind = type("Migration", (migrations.Migration,), {"operations": list(operations), **attributes})
    made: migrations.Migration = kind(name, "post")
    return made


@pytest.fixture
def released() -> ProjectState:
    state = ProjectState()
    CREATE.state_forwards("post", state)
    return state


SAFE = {
    "column that may be empty": migrations.AddField("parcel", "weight", models.IntegerField(null=True)),
    "column with a default of the database": migrations.AddField(
        "parcel", "weight", models.IntegerField(default=1, db_default=1)
    ),
    "column with the time of the upgrade": migrations.AddField("parcel", "at", models.DateTimeField(db_default=Now())),
    "link without an index": migrations.AddField(
        "parcel", "next", models.ForeignKey("post.Parcel", models.CASCADE, null=True, db_index=False)
    ),
    "many-to-many": migrations.AddField("parcel", "others", models.ManyToManyField("post.Parcel")),
    "index that is built concurrently": AddIndexConcurrently("parcel", models.Index(fields=["town"], name="town")),
    "wider text": migrations.AlterField("parcel", "town", models.CharField(max_length=40)),
    "column that may be empty from now on": migrations.AlterField(
        "parcel", "town", models.CharField(max_length=20, null=True)
    ),
    "choices, help and another default": migrations.AlterField(
        "parcel", "town", models.CharField(max_length=20, choices=[("a", "A")], help_text="where", default="a")
    ),
    "table": migrations.CreateModel("Stamp", [("id", models.BigAutoField(primary_key=True))]),
    "state without the database": migrations.SeparateDatabaseAndState(
        state_operations=[migrations.RemoveField("parcel", "town")]
    ),
}
UNSAFE = {
    "column that must not be empty": (
        migrations.AddField("parcel", "weight", models.IntegerField(default=1)),
        "inserts rows without it",
    ),
    "column whose default differs for each row": (
        migrations.AddField("parcel", "weight", models.FloatField(db_default=Random())),
        "written anew",
    ),
    "indexed column": (
        migrations.AddField("parcel", "weight", models.IntegerField(null=True, db_index=True)),
        "AddIndexConcurrently",
    ),
    "link with its index": (
        migrations.AddField("parcel", "next", models.ForeignKey("post.Parcel", models.CASCADE, null=True)),
        "AddIndexConcurrently",
    ),
    "removed column": (migrations.RemoveField("parcel", "town"), "still uses it"),
    "renamed column": (migrations.RenameField("parcel", "town", "city"), "still uses it"),
    "removed table": (migrations.DeleteModel("Parcel"), "still uses it"),
    "renamed table": (migrations.RenameModel("Parcel", "Letter"), "still uses it"),
    "another type": (migrations.AlterField("parcel", "town", models.TextField()), "written anew"),
    "narrower text": (migrations.AlterField("parcel", "town", models.CharField(max_length=10)), "fails"),
    "unique from now on": (
        migrations.AlterField("parcel", "town", models.CharField(max_length=20, unique=True)),
        "fails",
    ),
    "another column name": (
        migrations.AlterField("parcel", "town", models.CharField(max_length=20, db_column="place")),
        "fails",
    ),
    "plain index": (
        migrations.AddIndex("parcel", models.Index(fields=["town"], name="town")),
        "writers wait",
    ),
    "constraint": (
        migrations.AddConstraint("parcel", models.UniqueConstraint(fields=["town"], name="one")),
        "AddConstraintNotValid",
    ),
    "SQL": (migrations.RunSQL("SELECT 1"), "nobody has looked"),
    "Python": (migrations.RunPython(migrations.RunPython.noop), "nobody has looked"),
    "database half of a separated operation": (
        migrations.SeparateDatabaseAndState(database_operations=[migrations.RemoveField("parcel", "town")]),
        "still uses it",
    ),
}


@pytest.mark.parametrize("case", SAFE)
def test_migration_is_safe_under_traffic(released: ProjectState, case: str) -> None:
    assert dangers([migration(SAFE[case])], released) == []


@pytest.mark.parametrize("case", UNSAFE)
def test_migration_is_unsafe_under_traffic(released: ProjectState, case: str) -> None:
    operation, why = UNSAFE[case]
    [danger] = dangers([migration(operation)], released)
    assert danger.migration == "post.0002_next"
    assert why in str(danger)


@pytest.mark.parametrize("case", UNSAFE)
def test_new_table_may_be_changed_at_will_by_the_release_that_brings_it(case: str) -> None:
    plan = [migration(CREATE, name="0001_initial"), migration(UNSAFE[case][0])]
    found = dangers(plan, ProjectState())
    assert [each for each in found if "nobody has looked" not in str(each)] == []


def test_unknown_operation_is_safe_if_the_migration_says_why(released: ProjectState) -> None:
    operation = migrations.RunSQL("SELECT 1")
    assert dangers([migration(operation)], released)
    assert dangers([migration(operation, safe_under_traffic="it only reads one number")], released) == []


def test_own_migrations_since_the_last_release_are_safe_under_traffic() -> None:
    loader = MigrationLoader(None)
    known = {f"{app}.{name}": (app, name) for app, name in loader.graph.nodes}
    assert known.keys() >= RELEASED, "a released migration is missing or has another name"
    own = {
        label
        for label, name in loader.graph.nodes
        if loader.disk_migrations[label, name].__module__.partition(".")[0] in OWN_APPS
    }
    assert {"shop", "accounts"} <= own
    ordered: list[tuple[str, str]] = []
    for leaf in loader.graph.leaf_nodes():
        ordered += [key for key in loader.graph.forwards_plan(leaf) if key not in ordered]
    state = loader.project_state([known[name] for name in RELEASED])
    pending = [loader.disk_migrations[key] for key in ordered if ".".join(key) not in RELEASED]
    assert pending
    found = [each for each in dangers(pending, state) if each.migration.partition(".")[0] in own]
    assert [str(each) for each in found] == []

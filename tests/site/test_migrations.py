import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings


@pytest.mark.django_db(databases="__all__")
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db
def test_demo_refuses_the_data_of_another_version(settings: Settings) -> None:
    settings.PORT = settings.PAYPAL_STANDIN_PORT = 0  # any port that is free
    MigrationRecorder(connection).record_applied("affiliates", "0022_attributions_without_the_visit")
    with pytest.raises(CommandError, match=r"affiliates\.0022_attributions_without_the_visit.* Delete that folder"):
        call_command("run_demo")

"""`privacy.encryption` works in a project that has nothing else of this one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings

from privacy.encryption.keys import RootKey

pytestmark = pytest.mark.one_database

PROGRAM = """
import sys
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    ENCRYPTION_KEYS=THE_KEYS,
)
import django

django.setup()
from django.core import checks
from django.core.exceptions import ValidationError
from django.db import connection

from privacy.encryption import fingerprints, rotation, tokens, validators
from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedEmailField, SealedTextField, before_seal
from privacy.encryption.models import SealedModel


class Patient(SealedModel):
    name = SealedTextField(max_length=100)
    email = SealedEmailField()
    email_index = BlindIndexField("email", normalize="email", unique=True)

    class Meta:
        app_label = "clinic"


@before_seal
def no_numbers(field, value):
    if field.name == "name" and value.isdigit():
        raise ValueError("a number is no name")


assert checks.run_checks() == []
with connection.schema_editor() as editor:
    editor.create_model(Patient)
Patient.objects.create(name="Zoë", email="Zoe@Example.com")
found = Patient.objects.get(email_index="zoe@example.com")
assert (found.name, found.email) == ("Zoë", "Zoe@Example.com")
with connection.cursor() as cursor:
    cursor.execute("SELECT * FROM clinic_patient")
    assert "Zo" not in str(cursor.fetchall())
try:
    Patient(name="4111 1111 1111 1111", email="zoe@").clean_fields(exclude=["email_index"])
except ValidationError as refusal:
    print(sorted(refusal.message_dict))
try:
    Patient.objects.create(name="123", email="dan@example.com")
except ValueError as refusal:
    print(refusal)
own = ("aitpro", "api", "affiliates", "shop", "contacts", "clients", "accounts", "paypal_standin", "privacy", "tests")
print(sorted(name for name in sys.modules if name.split(".")[0] in own and not name.startswith("privacy.encryption")))
"""


@pytest.mark.slow
def test_encryption_is_used_by_a_project_without_the_rest_of_this_one() -> None:
    program = PROGRAM.replace("THE_KEYS", repr(RootKey(b"test", b"k" * 32).written_out()))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(settings.BASE_DIR)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["['email', 'name']", "a number is no name", "['privacy']"]

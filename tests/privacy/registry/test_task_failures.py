"""A task that fails leaves no words of anybody in the database."""

from __future__ import annotations

import pytest
from django_tasks_db.models import DBTaskResult

from privacy.encryption.models import uuid7
from privacy.mail.sending import deliver_mail


@pytest.mark.django_db
def test_an_error_that_names_somebody_is_stored_without_its_words() -> None:
    deliver_mail.enqueue(str(uuid7()))
    with pytest.raises(ValueError, match="jane") as raised:
        raise ValueError("550 jane.doe@example.com:\n  no such mailbox")
    DBTaskResult.objects.get().set_failed(raised.value)
    failed = DBTaskResult.objects.get()
    assert (failed.status, failed.exception_class_path) == ("FAILED", "builtins.ValueError")
    assert "in test_an_error_that_names_somebody" in failed.traceback
    assert "jane" not in failed.traceback
    assert "mailbox" not in failed.traceback

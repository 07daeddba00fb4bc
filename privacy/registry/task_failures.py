"""Removes error messages from stored task failures, keeping the traceback's frames and the exception class. Messages
may contain personal data (a mail server's reply contains addresses)."""

from __future__ import annotations

import re
from typing import Any

from django.db.models.signals import pre_save
from django.dispatch import receiver

FRAME = re.compile(r'^  File "[^"\n]+", line \d+, in [\w<>.]+$', re.MULTILINE)


@receiver(pre_save, sender="django_tasks_database.DBTaskResult")
def strip_error_messages(sender: Any, *, instance: Any, **news: Any) -> None:
    instance.traceback = "\n".join(FRAME.findall(instance.traceback))

"""What the database remembers of a task that failed: where in the program, and which kind of error. The error's own
words may name somebody (a mail server repeats addresses), so they are cut off before the row is written."""

from __future__ import annotations

import re
from typing import Any

from django.db.models.signals import pre_save
from django.dispatch import receiver

FRAME = re.compile(r'^  File "[^"\n]+", line \d+, in [\w<>.]+$', re.MULTILINE)


@receiver(pre_save, sender="django_tasks_database.DBTaskResult")
def keep_frames_alone(sender: Any, *, instance: Any, **news: Any) -> None:
    instance.traceback = "\n".join(FRAME.findall(instance.traceback))

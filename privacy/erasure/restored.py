"""The mark of a restore: nothing serves a restored database before `restore_check` has removed it.

`manage.py restore` writes the mark together with the data. A database that was restored without that command has none;
missing erasures and opt-outs stop the processes there, too (`readiness.py`).
"""

from __future__ import annotations

from privacy.models import Heartbeat

RESTORED = "restored"


def is_restore_pending() -> bool:
    return Heartbeat.objects.filter(name=RESTORED).exists()


def end_restore() -> None:
    Heartbeat.objects.filter(name=RESTORED).delete()

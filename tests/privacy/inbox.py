"""What somebody finds in their mail."""

from __future__ import annotations

import re

from django.conf import settings
from django.core import mail

from tests.worker import run_due_tasks


def link_mailed_to(address: str) -> str:
    """The path of the first link in the newest mail to this address."""
    run_due_tasks()
    message = [message for message in mail.outbox if message.to == [address]][-1]
    found = re.search(re.escape(settings.SITE_URL) + r"(/\S+)", str(message.body))
    assert found, message.body
    return found.group(1)

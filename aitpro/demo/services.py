"""The demo's services, as staff would write them."""

from __future__ import annotations

from contacts.models import Service

SERVICES = [
    Service(
        slug="design",
        name="Website design",
        icon=Service.Icon.DESIGN,
        summary="A new site, or a careful redesign of yours: easy to read, fast to load, usable by everyone.",
        text="""A website has a job: to be found, to be understood, and to let people do what they came for. We design
the pages around that job.

- A new site, or the redesign of an old one
- Pages that work on a phone, by keyboard and with a screen reader
- Built so that you can change the content yourself
""",
    ),
    Service(
        slug="hardening",
        name="Security: hardening",
        icon=Service.Icon.HARDENING,
        summary="We find the weak points of your site and fix them before attackers do.",
        text="""Attackers often get in through something forgotten: an old plugin, an unused account, a file that should
not be public. We review your site, remove what isn't needed, and document every change.

- A review of software, accounts, permissions and settings
- Changes agreed with you before they are made
- A written report of findings and changes
""",
    ),
    Service(
        slug="cleanup",
        name="Security: malware cleanup",
        icon=Service.Icon.CLEANUP,
        summary="If your site was hacked, we remove the malware, find out how it got in, and close that gap.",
        text="""Removing the malware from a hacked site is only half of the work. The other half is finding out how the
attackers got in, so that they can't come back the same way.

### Did it just happen?

Change your passwords from a computer you trust, keep your backups and logs as they are, and note what you saw and when.
Then write to us or call. Please don't send passwords in a message.
""",
    ),
    Service(
        slug="maintenance",
        name="Security: maintenance",
        icon=Service.Icon.MAINTENANCE,
        summary="Regular updates, backups and checks, so that small problems stay small.",
        commitment="Backups, with proof that they can be restored",
        text="""A site stays safe if somebody maintains it. The quote says what that means for yours, and how often.

- Updates of the software, plugins and themes
- Backups, with restore tests
- Regular checks for unexpected changes
""",
    ),
]


def seed_services() -> None:
    """Does nothing if there are services."""
    if Service.objects.exists():
        return
    for position, service in enumerate(SERVICES):
        service.position = position
    Service.objects.bulk_create(SERVICES)

"""Staff enter an agreement with a client, and end it."""

from __future__ import annotations

from django.utils import timezone

from contacts.probes.writing import writers_whose_message_arrived
from privacy.admin_base.staff_roles import Role
from privacy.evidence.rehearsal.cast import STAFF
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal
from privacy.registry.deadlines import local_day

AGREEMENTS = "/admin/clients/agreement/"


@probe("encrypted", "correspondence-private", stage=Stage.PLANT)
def staff_enter_an_agreement(rehearsal: Rehearsal) -> None:
    staff = rehearsal.things[STAFF][Role.MAIL].browser
    today = local_day(timezone.now()).isoformat()
    for writer in writers_whose_message_arrived(rehearsal, "quote"):
        words = {
            name: rehearsal.canary(writer.who, f"{name} of an agreement")
            for name in ("name", "address", "subject", "notes")
        }
        staff.open(f"{AGREEMENTS}add/")
        staff.submit("Save", **words, email=writer.address, phone=writer.phone, starts_on=today, ends_on="")
        rehearsal.expect("was added successfully" in staff.text, "staff can enter an agreement")
        staff.open_first_row(f"{AGREEMENTS}?q={writer.address}")
        staff.follow("End…")
        staff.submit("End", ends_on=today)
        rehearsal.expect("The last day is recorded" in staff.text, "staff can end an agreement")
        rehearsal.tried()

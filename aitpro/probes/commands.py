"""Every command is run as its operator would, and what it prints is searched for what belongs to people."""

from __future__ import annotations

import io
import shutil
from typing import Any

import pyrage
from django.core.management import CommandError, call_command

from accounts.probes.staff import staff
from privacy.evidence.rehearsal.cast import NO_ROLE
from privacy.evidence.rehearsal.entry_points import without_probe
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal
from privacy.evidence.rehearsal.search import Search

QUIET = """
    generate_key housekeeping purge_expired rotate_keys check_promises verify_audit verify_ledger rebuild_rollups
    check_paypal restore_check
"""

without_probe(
    "command run_demo",
    "command seed_demo",
    because="They make the demo, of people who are invented; a site with data of its own refuses them.",
)
without_probe("command migrate", because="The scratch copy's databases are made with it.")
without_probe("command db_worker", because="It waits for tasks without end. The rehearsal does each task itself.")
without_probe("command probe_promises", because="It starts the rehearsal.")
without_probe(
    "command publish_static",
    because="It copies the static files of the program, and error pages that are rendered without a request.",
)
without_probe(
    "command upgrade",
    because="It tells names of migrations and numbers alone; its backup, migrations and static files are commands too.",
)
without_probe(
    "command restore",
    because="It replaces the whole database under the rehearsal, and prints numbers and times of a manifest alone.",
)


@probe("encrypted", "correspondence-private", stage=Stage.LAST)
def no_command_prints_personal_data(rehearsal: Rehearsal) -> None:
    """One that says that something is wrong has run, too."""
    member, archive = staff(rehearsal)[NO_ROLE], rehearsal.folder / "archive.zip"
    for name in QUIET.split():
        run(rehearsal, name)
    run(rehearsal, "receive_mail", count=True)
    run(rehearsal, "receive_mail", imap=True)
    run(rehearsal, "reset_second_factor", member.address)
    run(rehearsal, "end_sessions", member.address)
    run(rehearsal, "export_person", member.address, out=archive)
    rehearsal.expect(archive.read_bytes().startswith(b"PK"), "an archive is written")
    archive.unlink()
    run(rehearsal, "erase_person", member.address)


@probe("encrypted", "correspondence-private", stage=Stage.LAST)
def no_import_prints_what_an_export_says_about_people(rehearsal: Rehearsal) -> None:
    """Nor does it leave anything behind: without `--apply` it only looks."""
    who, file = "person in an export", rehearsal.folder / "export.csv"
    name, address = (rehearsal.canary(who, what, kept=False) for what in ("name", "email address"))
    for headings, command, source in (
        ("id,email,name,balance,code", "import_affiliates", "csv"),
        ("id,email,name,amount,state,placed at", "import_orders", "csv"),
    ):
        row = f"1,{address},{name},1.00,paid,2025-01-01"
        file.write_text(f"{headings}\n{','.join(row.split(',')[: headings.count(',') + 1])}\n{row},more\n")
        run(rehearsal, command, str(file), source=source)
    file.unlink()


@probe("encrypted", stage=Stage.LAST)
def no_backup_shows_personal_data(rehearsal: Rehearsal) -> None:
    """It is made as every night, encrypted to a key that nobody has."""
    folder = rehearsal.folder.parent / f"{rehearsal.folder.name}-backups"
    folder.mkdir()
    try:
        run(rehearsal, "backup", to=folder, recipient=[str(pyrage.x25519.Identity.generate().to_public())])
        for made in folder.iterdir():  # none where PostgreSQL's programs are missing
            for canary in Search(rehearsal.canaries).found_in(made.read_bytes()):
                rehearsal.breach("encrypted", f"the {canary.what} of the {canary.owner}, readable in a backup")
    finally:
        shutil.rmtree(folder)


def run(rehearsal: Rehearsal, name: str, *arguments: str, **options: Any) -> None:
    printed = io.StringIO()
    try:
        call_command(name, *arguments, stdout=printed, stderr=printed, **options)
    except (CommandError, SystemExit) as refusal:
        printed.write(str(refusal))
    rehearsal.tried()
    for canary in Search(rehearsal.canaries).found_in(printed.getvalue().encode()):
        if canary.word.rstrip("Ö") not in "".join(arguments):
            rehearsal.breach("correspondence-private", f"the {canary.what} of the {canary.owner}, printed by {name}")

"""Changing the text of a mail: each change is a version, with who made it and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps as installed_apps
from django.db import router, transaction

from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.encryption.models import uuid7
from privacy.models import MailText, MailTextVersion
from privacy.registry.mail_kinds import all_kinds

from .language import body_problems, subject_problems
from .shipped import shipped_text

if TYPE_CHECKING:
    from accounts.models import User


def problems_in(kind: str, *, subject: str, body: str) -> dict[str, list[str]]:
    """What has to be changed, by field. Empty texts have no problems."""
    variables = shipped_text(kind).variables
    found = {
        "subject": list(subject_problems(subject, variables)) if subject else [],
        "body": list(body_problems(body, variables)) if body else [],
    }
    return {name: problems for name, problems in found.items() if problems}


@transaction.atomic
def change_text(*, text: MailText, subject: str, body: str, actor: User) -> None:
    """Stores checked texts, as a version. One that is the same as the shipped text is stored as an empty one."""
    locked = MailText.objects.select_for_update().get(pk=text.pk)
    shipped = shipped_text(text.kind)
    text.subject = "" if subject.strip() == shipped.subject else subject.strip()
    text.body = "" if _plain(body) == _plain(shipped.body) else body.strip()
    text.based_on = shipped.digest if text.is_own else ""
    text.save(update_fields=["subject", "body", "based_on"])
    if (locked.subject, locked.body) == (text.subject, text.body):
        return
    latest = text.versions.first()
    number = latest.number + 1 if latest else 1
    text.versions.create(number=number, subject=text.subject, body=text.body, written_by=actor)
    record(action="privacy.mail_text.changed", about=text, actor=actor)


def reset_text(*, text: MailText, actor: User) -> None:
    change_text(text=text, subject="", body="", actor=actor)


def restore_version(*, text: MailText, version: MailTextVersion, actor: User) -> None:
    """Raises `ActionRefused` for a text that today's rules refuse, because the variables have changed since."""
    if problems := problems_in(text.kind, subject=version.subject, body=version.body):
        raise ActionRefused(" ".join(problem for found in problems.values() for problem in found))
    change_text(text=text, subject=version.subject, body=version.body, actor=actor)


def texts_on_older_ones() -> list[MailText]:
    """Texts of staff whose shipped text has changed since they were saved."""
    kinds = {kind.template for kind in all_kinds()}
    own = (text for text in MailText.objects.exclude(subject="", body="") if text.kind in kinds)
    return [text for text in own if text.based_on != shipped_text(text.kind).digest]


def create_mail_texts(*, using: str, apps: Any = installed_apps, **_signal: Any) -> None:
    """Receives `post_migrate`: a row for each kind, for staff to open."""
    try:
        texts = apps.get_model("privacy", "MailText")
    except LookupError:  # migrated to a time before there were any
        return
    if router.allow_migrate_model(using, texts):
        existing = set(texts.objects.using(using).values_list("kind", flat=True))
        new = [texts(id=uuid7(), kind=kind.template) for kind in all_kinds() if kind.template not in existing]
        texts.objects.using(using).bulk_create(new, ignore_conflicts=True)


def _plain(text: str) -> str:
    return text.strip().replace("\r\n", "\n")

"""The life cycle of a policy version: draft, announced, in effect, superseded or withdrawn."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from privacy.admin_base.refusals import ActionRefused
from privacy.registry import policy_gate
from privacy.registry.policy_snapshot import hash_of, running, without

from ..audit.trail import record
from .models import PolicyVersion
from .notices import enqueue_notices, list_people, remove_unreachable, update_from_mails

State = PolicyVersion.State


def create_first_version() -> PolicyVersion | None:
    """Puts the code's policy in effect if there has never been a version, so nobody has to be notified.

    The columns in `POLICY_LEAVES_OUT` stay closed until staff create a version that includes them.
    """
    if PolicyVersion.objects.exists():
        return None
    now = timezone.now()
    first = PolicyVersion(number=1, state=State.IN_EFFECT, tells=False, in_effect_at=now)
    first.effective_on, first.written_at = timezone.localdate(now, UTC), now
    first.summary = "The first version."
    first.take(without(running(), settings.POLICY_LEAVES_OUT))
    first.save()
    return first


def new_draft() -> PolicyVersion:
    """An unsaved version from the running code, with a generated summary of the changes."""
    current = PolicyVersion.objects.in_effect()
    number = (PolicyVersion.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    draft = PolicyVersion(number=number, additions=current.additions if current else "")
    draft.effective_on = timezone.localdate(timezone=UTC)
    draft.take(running())
    draft.summary = "\n".join(difference.text for difference in draft.changes())
    return draft


@transaction.atomic
def announce_version(*, version: PolicyVersion, now: datetime, actor: AbstractBaseUser | None) -> None:
    """Announces a draft and starts to notify people; its text is final. Raises `ActionRefused`."""
    if version.registry_hash != hash_of(running()):
        raise ActionRefused("The site has changed since this draft was saved. Review the changes and save it again.")
    if PolicyVersion.objects.announced().exists():
        raise ActionRefused("Another version is already announced. Put it in effect or withdraw it first.")
    tells = version.tells or version.widens
    if not _move(version, State.DRAFT, State.NOTICES, notices_began_at=now, tells=tells):
        raise ActionRefused("Only a draft can be announced.")
    if tells:
        enqueue_notices(version)
    record(action="privacy.policy.announced", about=version, actor=actor)


@transaction.atomic
def withdraw(*, version: PolicyVersion, now: datetime, actor: AbstractBaseUser | None) -> None:
    """Withdraws an announced version. Raises `ActionRefused`."""
    if not _move(version, State.NOTICES, State.WITHDRAWN, ended_at=now):
        raise ActionRefused("Only an announced version can be withdrawn.")
    record(action="privacy.policy.withdrawn", about=version, actor=actor)


def put_in_effect(*, version: PolicyVersion, now: datetime, actor: AbstractBaseUser | None) -> None:
    """Replaces the version in effect, once everybody is notified. Raises `ActionRefused`.

    Lists affected people once more, so that new ones aren't missed.
    """
    if not version.is_announced:
        raise ActionRefused("Only an announced version can take effect.")
    if timezone.localdate(now, UTC) < version.effective_on:
        raise ActionRefused(f"The announced date is {version.effective_on:%B %-d, %Y}.")
    if version.tells:
        remove_unreachable(version=version)
        list_people(version=version, now=now)
        update_from_mails(version=version, now=now)
        _refuse_while_untold(version)
    _replace(version, now, actor)
    policy_gate.forget()


def _refuse_while_untold(version: PolicyVersion) -> None:
    if left := version.notices.not_notified().count():
        who = "1 person has" if left == 1 else f"{left} people have"
        raise ActionRefused(f"{who} not been notified yet.")


@transaction.atomic
def _replace(version: PolicyVersion, now: datetime, actor: AbstractBaseUser | None) -> None:
    before = PolicyVersion.objects.in_effect()
    if before is not None:
        _move(before, State.IN_EFFECT, State.SUPERSEDED, ended_at=now)
    if not _move(version, State.NOTICES, State.IN_EFFECT, in_effect_at=now):
        raise ActionRefused("Someone else changed this version first. Reload the page.")
    record(action="privacy.policy.in_effect", about=version, actor=actor)


def _move(version: PolicyVersion, state: str, to: str, **changes: object) -> bool:
    """Changes the state. False if the version is no longer in the expected state."""
    moved = PolicyVersion.objects.filter(pk=version.pk, state=state).update(state=to, **changes)
    if moved:
        version.refresh_from_db()
    return bool(moved)

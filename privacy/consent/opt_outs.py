"""Opting out of contact and back in: one channel or all, for one purpose or all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from privacy.encryption.fingerprints import NormalForm
from privacy.models import Suppression
from privacy.models.consent import Person
from privacy.registry.purposes import Channel

from .opt_out_backup import copy_after_commit, forget_copy

Source = Suppression.Source
_FINGERPRINT = {
    "email_index": "fingerprint",
    "phone_index": "phone_fingerprint",
    "address_index": "address_fingerprint",
}


@transaction.atomic
def suppress(
    email: str | None = None,
    *channels: str,
    phone: str | None = None,
    address: str | None = None,
    purpose: str = "",
    source: str = Source.PAGE,
    recorded_by: AbstractBaseUser | None = None,
    normal_form: int = NormalForm.PRESENT,
    since: datetime | None = None,
) -> list[Suppression]:
    """Opts out of the channels (all if none is given) for the purpose (all if empty), from now or `since`. Repeating an
    opt-out renews its date, so that it also covers requests made since. `normal_form` applies to a fingerprint given
    instead of an address."""
    person = Person(email=email, phone=phone, address=address)
    how: dict[str, Any] = {"source": source, "recorded_by_id": recorded_by and recorded_by.pk}
    rows = [
        _close(index, point, channel, purpose, {"created_at": since or timezone.now(), **how}, normal_form)
        for index, point in person.given().items()
        for channel in channels or tuple(Channel)
    ]
    copy_after_commit(rows)
    return rows


def _close(index: str, point: str, channel: str, purpose: str, values: dict[str, Any], normal_form: int) -> Suppression:
    former = {"normal_form": normal_form} if normal_form == NormalForm.FORMER else {}
    return Suppression.objects.update_or_create(
        **{index: point},
        channel=channel,
        purpose=purpose,
        defaults={**values, **former},
        create_defaults={_FINGERPRINT[index]: point, "channel": channel, "purpose": purpose, **values, **former},
    )[0]


def is_opted_out(email: str, channel: str, *, purpose: str = "", given_at: datetime | None = None) -> bool:
    """Whether the person opted out; with `given_at`, whether they did so after giving the address."""
    opt_outs = Suppression.objects.of(Person(email=email)).closing(channel, purpose)
    return (opt_outs if given_at is None else opt_outs.filter(created_at__gte=given_at)).exists()


@transaction.atomic
def unsuppress(email: str, *, channel: str, purpose: str, among: Iterable[str]) -> None:
    """Opts back in to one purpose of a channel. An opt-out of all purposes is split into the other purposes in
    `among`."""
    for opt_out in Suppression.objects.of(Person(email=email)).closing(channel, purpose):
        forget_copy(opt_out)
        if opt_out.purpose == "":
            copy_after_commit([_keep_closed(email, opt_out, other) for other in among if other != purpose])
        opt_out.delete()


def _keep_closed(email: str, before: Suppression, purpose: str) -> Suppression:
    """Keeps another purpose closed, with the original date and source."""
    return Suppression.objects.get_or_create(
        email_index=email,
        channel=before.channel,
        purpose=purpose,
        defaults={
            "fingerprint": email,
            "created_at": before.created_at,
            "source": before.source,
            "recorded_by_id": before.recorded_by_id,
            "normal_form": before.normal_form,
        },
    )[0]

"""Moving an affiliate between groups, which decide about the rate of orders from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from affiliates.models import Affiliate, AffiliateGroup
from affiliates.own_account import leave_to_a_colleague
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record

if TYPE_CHECKING:
    from accounts.models import User

PERMISSION = "affiliates.add_rate"  # a group is a way to set a rate


@transaction.atomic
def move_to_group(*, affiliate: Affiliate, group: AffiliateGroup | None, actor: User) -> None:
    """Moves to another group, or to none. Earlier orders keep their rate. Raises `ActionRefused`."""
    locked = Affiliate.objects.select_for_update().get(pk=affiliate.pk)
    if locked.state == Affiliate.State.CLOSED:
        raise ActionRefused("This account is closed.")
    if locked.group_id == (group and group.pk):
        raise ActionRefused("This affiliate is in that group already." if group else "This affiliate has no group.")
    leave_to_a_colleague(locked, actor=actor, permission=PERMISSION)
    locked.group = group
    locked.save(update_fields=["group"])
    record(action="affiliates.group.changed", about=locked, actor=actor)

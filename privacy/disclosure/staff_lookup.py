"""What staff can find in the disclosure register."""

from privacy.admin_base.search.row_kinds import Shown, row_kind
from privacy.registry.purposes import Purpose

from .models import Disclosure

row_kind(
    model=Disclosure,
    purpose=Purpose.LEGAL_OBLIGATION,
    one="disclosure order",
    many="disclosure orders",
    position=48,
    show=lambda order: Shown(
        number=order.reference,
        at=order.recorded_at,
        state=order.get_state_display(),
        detail=order.get_kind_display(),
    ),
    at="recorded_at",
    emails=("email_index",),
    codes=("reference",),
    for_person=True,
)

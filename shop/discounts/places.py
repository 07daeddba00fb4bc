"""The places of a limited discount code: taken with the order, held while its buyer is at PayPal, then used or
released.

The code's row is locked first, then its uses, so that of twenty buyers who want the last place one gets it. Whatever
was released can be taken again while there is room: before the buyer goes to PayPal, and again before PayPal captures.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from privacy.web.rate_limits import give_back, take_slot, taken_slots
from shop.models import DiscountCode, DiscountUse, Order

from .codes import CodeRefused, DiscountedPrice, no_place_left

State = DiscountUse.State
# As long as PayPal lets a buyer approve: https://developer.paypal.com/docs/api/orders/v2/ (3 hours).
HELD_FOR = timedelta(hours=3)
BATCH = 500  # released in one run of housekeeping
HELD_PER_NETWORK = 5  # unpaid, of one limited code
_LIMIT, _WINDOW = "discount places network", round(HELD_FOR.total_seconds())


def take_places(
    *, order: Order, price: DiscountedPrice, now: datetime, network: str, own_orders: Collection[UUID] = ()
) -> None:
    """Takes a place of each code for a new order, in the caller's transaction. Raises `CodeRefused`.

    `network` is the buyer's (`network_of`), which may hold `HELD_PER_NETWORK` unpaid places of a limited code.
    `own_orders` are those that the same browser placed before: of a code that is used up, they give up their places.
    """
    for code, _ in sorted(price.applied, key=lambda each: each[0].pk):  # all in one order, so that none wait in a ring
        _take_place(code, order, now=now, own_orders=own_orders)
        _hold_for_network(code, order, network=network, now=now)
    DiscountUse.objects.bulk_create(
        DiscountUse(
            order=order,
            discount=code,
            amount_minor=amount.minor,
            currency=amount.currency,
            held_until=now + HELD_FOR,
        )
        for code, amount in price.applied
    )


def hold_places(*, order: Order, now: datetime, network: str) -> bool:
    """Holds the order's places for another `HELD_FOR`, before the buyer goes to PayPal. False if one was released and
    can't be taken again, for instance because the buyer's network holds others."""
    return _secure(order, now=now, state=State.HELD, held_until=now + HELD_FOR, network=network)


def use_places(*, order: Order, now: datetime) -> bool:
    """Keeps the order's places for good, before PayPal captures the payment. False if one can't be taken again."""
    held = DiscountUse.objects.filter(order=order, state=State.HELD)
    if order.discount_codes and held.update(state=State.USED, held_until=None) == order.discount_count:
        return True
    return _secure(order, now=now, state=State.USED, held_until=None)


def _secure(
    order: Order, *, now: datetime, state: State, held_until: datetime | None, network: str | None = None
) -> bool:
    if not order.discount_codes:
        return True
    try:
        with transaction.atomic():
            codes = _lock_codes(order.pk)
            uses = DiscountUse.objects.filter(order=order).exclude(state=State.USED)
            for use in uses.filter(state=State.RELEASED).order_by("discount"):
                _take_place(codes[use.discount_id], order, now=now)
                if network is not None:
                    _hold_for_network(codes[use.discount_id], order, network=network, now=now)
            uses.update(state=state, held_until=held_until)
    except CodeRefused:
        return False
    return True


def record_use(*, order: Order) -> None:
    """The order is paid, so its places count, even those that were released before the money came."""
    if not order.discount_codes:
        return
    with transaction.atomic():
        for code in _lock_codes(order.pk):
            uses = DiscountUse.objects.filter(order=order, discount=code)
            late = uses.filter(state=State.RELEASED).update(state=State.USED)
            DiscountCode.objects.filter(pk=code).update(places_taken=F("places_taken") + late)
            uses.filter(state=State.HELD).update(state=State.USED, held_until=None)


def return_places(*, order: Order, held_until: datetime | None) -> None:
    """An attempt to pay ended without money: holds its places until then, or releases them with None."""
    if not order.discount_codes:
        return
    with transaction.atomic():
        codes = _lock_codes(order.pk)
        uses = DiscountUse.objects.filter(order=order).exclude(state=State.RELEASED)
        if held_until is None:
            _release(uses, codes)
        else:
            uses.update(state=State.HELD, held_until=held_until)


def release_held_places(*, order: Order) -> None:
    """The buyer turned back at PayPal. Does nothing to places that a payment uses."""
    if order.discount_codes:
        with transaction.atomic():
            _release(DiscountUse.objects.filter(order=order, state=State.HELD), _lock_codes(order.pk))


def release_expired_places(*, now: datetime) -> int:
    """Releases what was held for longer than a buyer may stay at PayPal. Returns the number of orders."""
    expired = DiscountUse.objects.filter(state=State.HELD, held_until__lte=now)
    orders = list(dict.fromkeys(expired.order_by("held_until").values_list("order", flat=True)[:BATCH]))
    for order_id in orders:
        with transaction.atomic():
            _release(expired.filter(order=order_id), _lock_codes(order_id))
    return len(orders)


def is_available(order: Order) -> bool:
    """Whether the order can still be paid at its price: nothing was released that can't be taken again now."""
    if not order.discount_codes or not order.is_payable:
        return True
    now = timezone.now()
    released = order.discount_uses.filter(state=State.RELEASED).select_related("discount")
    return all(_has_place(use.discount, order, now=now) for use in released)


def _has_place(code: DiscountCode, order: Order, *, now: datetime) -> bool:
    limit = code.max_uses_per_buyer
    used = _of_buyer(code, order).filter(state=State.USED).count() if limit is not None else 0
    return code.is_valid_at(now) and code.has_room() and (limit is None or used < limit)


def _take_place(code: DiscountCode, order: Order, *, now: datetime, own_orders: Collection[UUID] = ()) -> None:
    """Counts one place more, if there is one, and locks the code's row. Raises `CodeRefused`."""
    with_room = DiscountCode.objects.valid_at(now).filter(
        Q(max_uses=None) | Q(places_taken__lt=F("max_uses")), pk=code.pk
    )
    one_more = {"places_taken": F("places_taken") + 1}
    if not with_room.update(**one_more):
        DiscountCode.objects.select_for_update().get(pk=code.pk)
        _release(DiscountUse.objects.held_by(own_orders, code), [code.pk])
        if not with_room.update(**one_more):
            raise CodeRefused(no_place_left(code))
    if code.max_uses_per_buyer is not None:
        _make_room_for_buyer(code, order, limit=code.max_uses_per_buyer)


def _make_room_for_buyer(code: DiscountCode, order: Order, *, limit: int) -> None:
    """Whoever left an order unpaid and starts anew takes its place along. Raises `CodeRefused`."""
    taken = dict(_of_buyer(code, order).order_by("pk").values_list("pk", "state"))
    too_many = len(taken) + 1 - limit
    held = [pk for pk, state in taken.items() if state == State.HELD]
    if too_many > len(held):
        raise CodeRefused(f"The code {code.code} was used with this email address before.")
    if too_many > 0:
        _release(DiscountUse.objects.filter(pk__in=held[:too_many], state=State.HELD), [code.pk])


def _hold_for_network(code: DiscountCode, order: Order, *, network: str, now: datetime) -> None:
    """Counts the place for the buyer's network, until the order is paid or gives it up. Raises `CodeRefused`.

    Without this, a visitor with made-up addresses takes all places of a code. A slot whose order doesn't hold a place
    any more is free for the next: so nothing has to be known about the network when the money arrives. The caller
    holds the lock of the code's row.
    """
    if code.max_uses is None:
        return
    who = f"{code.pk} {network}"
    take = partial(take_slot, _LIMIT, who, slots=HELD_PER_NETWORK, now=now, window=_WINDOW, holder=order.pk)
    if take(is_last_try=False):
        return
    taken = taken_slots(_LIMIT, who, slots=HELD_PER_NETWORK, now=now, window=_WINDOW)
    orders = [holder for holder in taken.values() if holder]
    holding = set(DiscountUse.objects.held_by(orders, code).values_list("order", flat=True))
    for slot in [slot for slot, holder in taken.items() if holder not in holding]:
        give_back(slot)
    if not take():
        raise CodeRefused(
            f"Several buyers in your network are paying with the code {code.code} right now. Please pay or cancel one"
            " of these orders, or try again later. Without the code, you can buy now."
        )


def _of_buyer(code: DiscountCode, order: Order) -> QuerySet[DiscountUse]:
    """The other places that this buyer has, by the blind index of the address. An erased buyer has none."""
    others = DiscountUse.objects.filter(discount=code).exclude(order=order).exclude(state=State.RELEASED)
    return others.filter(order__email_index=order.email) if order.email else others.none()


def _lock_codes(order_id: UUID) -> dict[UUID, DiscountCode]:
    of_order = DiscountUse.objects.filter(order=order_id).values("discount")
    return {code.pk: code for code in DiscountCode.objects.select_for_update().filter(pk__in=of_order).order_by("pk")}


def _release(uses: QuerySet[DiscountUse], codes: Iterable[UUID]) -> None:
    """The caller holds the locks of these codes. What a payment uses meanwhile is not released, nor counted."""
    for code in codes:
        if released := uses.filter(discount=code).update(state=State.RELEASED, held_until=None):
            DiscountCode.objects.filter(pk=code).update(places_taken=F("places_taken") - released)

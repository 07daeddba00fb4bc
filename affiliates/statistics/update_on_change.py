"""Updates the statistics when a commission is saved or a click is deleted."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save, pre_delete
from django.dispatch import receiver
from django.utils import timezone

from affiliates.models import Click, Commission
from affiliates.purposes import reads_for_commissions
from affiliates.tracking.unstored_visits import keep_deleted_click

from .label_sales import queue_uncounted_sale
from .sales_rollups import add_sale, recalculate_sales_of


@receiver(pre_delete, sender=Click)
def on_click_deleted(*, instance: Click, **kwargs: Any) -> None:
    keep_deleted_click(instance, now=timezone.now())


@receiver(post_save, sender=Commission)
@reads_for_commissions
def on_commission_saved(*, instance: Commission, created: bool, **kwargs: Any) -> None:
    if created:
        add_sale(instance)
        queue_uncounted_sale(instance)
    else:
        recalculate_sales_of(instance)

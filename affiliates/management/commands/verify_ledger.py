from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from affiliates.payouts.reconciliation import PAYPAL_LOOKBACK, reconcile_ledger
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Purpose


class Command(BaseCommand):
    help = (
        "Reconciles ledger, commissions, payouts, refunds and PayPal. Exits with 1 and the first difference otherwise."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-paypal",
            action="store_true",
            help=f"Check only this database. By default PayPal is asked about the last {PAYPAL_LOOKBACK.days} days.",
        )

    @acts_for(Purpose.AFFILIATE_ACCOUNT, Purpose.REFERRAL_TRACKING)
    def handle(self, *args: Any, no_paypal: bool, **options: Any) -> None:
        check = reconcile_ledger(now=timezone.now(), paypal=not no_paypal)
        if not check.agrees:
            raise CommandError(check.difference)
        if not (check.paypal or no_paypal):
            raise CommandError("The database is reconciled. PayPal can't be reached, so it was not compared.")
        self.stdout.write("Ledger, commissions, payouts and refunds are reconciled.")

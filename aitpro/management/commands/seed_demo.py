from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from aitpro.demo.seed import seed


class Command(BaseCommand):
    help = "Makes the demo's product, staff member and affiliate where they are missing, and prints their sign-ins."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PAYPAL_MODE == "live":
            raise CommandError("Demo data does not go into a live shop.")
        for role, (address, password) in seed().items():
            self.stdout.write(f"{role}: {address} {password}")

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from privacy.registry.purpose_binding import acts_for
from shop.paypal.errors import Expired, NotConfigured, PayPalError
from shop.paypal.gateway import Gateway, gateway
from shop.paypal.subscription import EVENTS, PERMISSIONS, Subscription


class Command(BaseCommand):
    help = "Checks credentials, webhook and subscribed events with PayPal. Changes nothing and moves no money."

    @acts_for()
    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"PayPal: {settings.PAYPAL_MODE}, {settings.PAYPAL_BASE_URL}")
        try:
            problems = list(self._problems(gateway()))
        except NotConfigured as error:
            raise CommandError(str(error)) from None
        except PayPalError as error:
            raise CommandError(f"PayPal didn't answer. {error}") from None
        if problems:
            raise CommandError("\n".join(problems))

    def _problems(self, paypal: Gateway) -> Iterator[str]:
        permitted = paypal.permissions()
        self.stdout.write("Credentials: accepted")
        for name, scope in PERMISSIONS.items():
            self.stdout.write(f"{name}: {'permitted' if scope in permitted else NOT_LISTED}")
        try:
            subscription = paypal.get_subscription()
        except Expired:
            yield "Webhook: this PayPal app has no webhook with the id in PAYPAL_WEBHOOK_ID."
            return
        yield from self._problems_of(subscription)

    def _problems_of(self, subscription: Subscription) -> Iterator[str]:
        self.stdout.write(f"Webhook: {subscription.url}")
        if subscription.url != (expected := f"{settings.SITE_URL}{reverse('shop:paypal_webhook')}"):
            yield f"Webhook: PayPal sends to {subscription.url or 'nowhere'}, this site listens at {expected}."
        if missing := subscription.missing_events:
            yield "Events: also subscribe the webhook to: " + ", ".join(missing)
        else:
            self.stdout.write(f"Events: all {len(EVENTS)} are subscribed to")


NOT_LISTED = "not among this app's permissions (a switch in the dashboard; a new token tells of it within 9 hours)"

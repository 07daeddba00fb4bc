from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Purpose
from shop.models import Order, Product
from shop.money import CURRENCIES, program_currency
from shop.moving_in.command import ImportCommand
from shop.moving_in.orders import LicenseImporter, OrderImporter
from shop.moving_in.shops import SHOPS


class Command(ImportCommand):
    help = "Takes over the paid orders of a former shop and their license keys, from its CSV export."
    what = "order"
    gated = ((Order, "former_shop"),)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--from", required=True, choices=SHOPS, dest="source", help="Where the export is from.")
        parser.add_argument("--product", default="", metavar="SLUG", help="The product of every order in the file.")

    @acts_for(Purpose.ORDER)
    def handle(
        self,
        *args: Any,
        file: Path,
        source: str,
        product: str,
        currency: str,
        decimal_comma: bool,
        apply: bool,
        **options: Any,
    ) -> None:
        shop, export = SHOPS[source], self.opened(file)
        if not shop.licenses.missing(export.headings) and shop.orders.missing(export.headings):
            self.what = "license"
            self.move(export, LicenseImporter(shop), apply=apply)
            return
        self.require(shop.orders, export)
        chosen = Product.objects.filter(slug=product, is_service=False).first()
        if product and chosen is None:
            raise CommandError("There is no product with this slug.")
        if currency and currency not in CURRENCIES:
            raise CommandError("This is not a currency that PayPal supports.")
        importer = OrderImporter(
            shop, product=chosen, currency=currency or program_currency(), decimal_comma=decimal_comma
        )
        self.move(export, importer, apply=apply)

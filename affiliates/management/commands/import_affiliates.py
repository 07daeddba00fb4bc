from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.template.defaultfilters import pluralize

from affiliates.models import LinkParameter, MovedAffiliate, OldLink
from affiliates.moving_in.affiliates import AffiliateImporter
from affiliates.moving_in.programs import PROGRAMS
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Purpose
from shop.money import CURRENCIES, program_currency
from shop.moving_in.command import ImportCommand


class Command(ImportCommand):
    help = (
        "Takes over the active affiliates of another program, with codes, links and unpaid balances, from its export."
    )
    what = "affiliate"
    gated = ((MovedAffiliate, "source_id"), (OldLink, "value"))

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--from", required=True, choices=PROGRAMS, dest="source", help="Where the export is from.")
        parser.add_argument(
            "--parameter",
            default="",
            choices=["", *LinkParameter.values],
            help="The name in the links of the program, if it was changed there.",
        )

    @acts_for(Purpose.AFFILIATE_ACCOUNT)
    def handle(
        self,
        *args: Any,
        file: Path,
        source: str,
        parameter: str,
        currency: str,
        decimal_comma: bool,
        apply: bool,
        **options: Any,
    ) -> None:
        program, export = PROGRAMS[source], self.opened(file)
        if is_list_of_visits(export.headings):
            number = sum(1 for _ in export.records())
            self.say_dropped(f"{number:,} visit{pluralize(number)} with the address of the visitor")
            return
        self.require(program.columns, export)
        if currency and currency not in CURRENCIES:
            raise CommandError("This is not a currency that PayPal supports.")
        importer = AffiliateImporter(
            program, parameter=parameter, currency=currency or program_currency(), decimal_comma=decimal_comma
        )
        self.move(export, importer, apply=apply)


def is_list_of_visits(headings: list[str]) -> bool:
    return "visit id" in headings or ("ip" in headings and "email" not in headings)

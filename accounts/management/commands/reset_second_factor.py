from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.second_factor.reset import reset_second_factor
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Purpose


class Command(BaseCommand):
    help = (
        "For the last superuser who lost phone and recovery codes: removes both, ends all sessions, notifies the owner."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    @acts_for(Purpose.AFFILIATE_ACCOUNT, Purpose.STAFF_ACCOUNT)
    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.with_email(options["email"])
        if user is None:
            raise CommandError("No account has this address.")
        reset_second_factor(user, actor=None)
        self.stdout.write("The second factor was reset, and all sessions were ended.")

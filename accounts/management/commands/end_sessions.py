from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import LastAdministrator, User
from accounts.team import shut_out
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Purpose


class Command(BaseCommand):
    help = "For an account that was taken over: ends all of its sessions, or those of all staff at once."

    def add_arguments(self, parser: CommandParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("email", nargs="?")
        whose.add_argument("--staff", action="store_true", help="of everybody on the team")
        parser.add_argument(
            "--deactivate", action="store_true", help="the account can't sign in again until a superuser activates it"
        )

    @acts_for(Purpose.AFFILIATE_ACCOUNT, Purpose.STAFF_ACCOUNT)
    def handle(self, *args: Any, email: str | None, staff: bool, deactivate: bool, **options: Any) -> None:
        if staff and deactivate:
            raise CommandError("Nobody could administer the site afterward. Name one account.")
        users = User.objects.filter(is_staff=True) if staff else User.objects.filter(email_index=email)
        if not users:
            raise CommandError("No account has this address.")
        try:
            ended = sum(shut_out(user, deactivate=deactivate) for user in users)
        except LastAdministrator as refusal:
            raise CommandError(f"{refusal} On the server: manage.py createsuperuser.") from refusal
        self.stdout.write(f"Accounts: {len(users)}. Sessions ended: {ended}.")
        if deactivate:
            self.stdout.write("The account is deactivated. A superuser can activate it again in the admin.")

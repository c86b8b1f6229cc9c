"""`manage.py set_account EMAIL --disable|--enable|--forget-second-factor`: shut an account out at its next request, or let it in again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import accounts


class Command(BaseCommand):
    help = (
        "Disable an account (its sessions and tokens end at once), enable it again, or forget its lost second factor."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        wanted = parser.add_mutually_exclusive_group(required=True)
        wanted.add_argument("--disable", action="store_false", dest="active")
        wanted.add_argument("--enable", action="store_true", dest="active")
        wanted.add_argument("--forget-second-factor", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        user = accounts.account_with(email=options["email"])
        if user is None:
            raise CommandError(f"There is no account for {options['email']}.")
        if options["forget_second_factor"]:
            accounts.forget_second_factor(user=user)
            self.stdout.write(f"{user.email} has no second factor any more.")
            return
        accounts.set_active(user=user, active=options["active"])
        self.stdout.write(f"{user.email} is {'enabled' if options['active'] else 'disabled'}.")

"""`manage.py create_account EMAIL --role … --project SLUG`: an account with a generated password, printed once.

An address that has an account already becomes a member with it; its password stays what it is.
"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import accounts, membership
from annotation.errors import DomainError
from annotation.models import Project, Role


class Command(BaseCommand):
    help = "Create an account in a project, or an operator who may create projects."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--role", choices=Role.values)
        parser.add_argument("--project", metavar="SLUG")
        parser.add_argument("--name", default="", help="what others see")
        parser.add_argument("--operator", action="store_true", help="may create projects")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["role"]) != bool(options["project"]):
            raise CommandError("--role and --project belong together.", returncode=2)
        if not options["role"] and not options["operator"]:
            raise CommandError("Give --role and --project, or --operator.", returncode=2)
        project = _project(options["project"]) if options["project"] else None
        try:
            email, password = _make(project, options)
        except DomainError as error:
            raise CommandError(error.message) from error
        made = {"email": email, "role": options["role"], "project": options["project"], "password": password}
        self.stdout.write(json.dumps(made, ensure_ascii=False) if options["json"] else _summary(made))


def _project(slug: str) -> Project:
    found = Project.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"There is no project {slug}.")
    return found


def _make(project: Project | None, options: dict[str, Any]) -> tuple[str, str | None]:
    """The address, and the password where the account is new."""
    role = Role(options["role"]) if options["role"] else None
    known = accounts.account_with(email=options["email"])
    if known is not None and project is not None and role is not None:
        membership.add(project=project, user=known, role=role)
        return known.email, None
    user, password = accounts.create_account(
        email=options["email"], name=options["name"], project=project, role=role, is_operator=options["operator"]
    )
    return user.email, password


def _summary(made: dict[str, Any]) -> str:
    where = f" as {made['role']} of {made['project']}" if made["project"] else " as an operator"
    if made["password"] is None:
        return f"{made['email']} has an account already and is now a member{where}."
    return f"{made['email']} can sign in{where}.\nPassword (shown once): {made['password']}"

"""`manage.py create_project SLUG --protocol whole-solution|step-by-step [--name …]`: a project."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import projects
from annotation.errors import DomainError
from annotation.models import Protocol


class Command(BaseCommand):
    help = "Create a project."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="its short name: lower-case letters, digits and hyphens")
        parser.add_argument("--protocol", required=True, choices=Protocol.values)
        parser.add_argument("--name", default="", help="what people see (default: the short name)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            project = projects.create_project(slug=options["slug"], name=options["name"], protocol=options["protocol"])
        except DomainError as error:
            details = "".join(f"\n  {found.field}: {found.message}" for found in error.errors)
            raise CommandError(error.message + details) from error
        if options["json"]:
            made = {"project": project.slug, "name": project.name, "protocol": project.protocol}
            self.stdout.write(json.dumps(made, ensure_ascii=False))
        else:
            self.stdout.write(f"Project {project.slug} ({project.name}) is there.")

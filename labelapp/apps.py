"""Registers the checks that `manage.py check --deploy` shows and that a start in production must pass."""

from django.apps import AppConfig


class LabelappConfig(AppConfig):
    name = "labelapp"

    def ready(self) -> None:
        from django.core.checks import register

        from labelapp.checks import missing_supplier, unsafe_database, unsafe_settings, unusable_generators

        register(missing_supplier)
        register(unusable_generators)
        register(unsafe_settings, deploy=True)
        register(unsafe_database, deploy=True)

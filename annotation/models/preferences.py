"""Preferences: how one person likes the desk. They follow the person to every machine and every project."""

from django.db import models

from annotation.models.people import User


class Preferences(models.Model):
    """One row a user, made at the first change; whoever has none has the defaults."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="preferences")
    # The keys of the actions that were given others than the desk's table has: {action: [key, ...]}.
    keys = models.JSONField(default=dict, blank=True)
    language = models.CharField(max_length=10, default="", blank=True)  # "": what the browser asks for
    time_zone = models.CharField(max_length=64, default="", blank=True)  # IANA's name; "": not known, UTC
    practised = models.BooleanField(default=False)

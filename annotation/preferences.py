"""Preferences: what a person chose for themselves, checked when it comes and given out whole.

The desk owns the table of keys; here only what holds for any table is kept: shapes, sizes, and no key twice.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext

from annotation.errors import FieldError, InvalidInput
from annotation.models import Preferences, User
from annotation.zones import is_zone

FIELDS = ("keys", "language", "time_zone", "practised")
ACTIONS_MAX, KEYS_EACH_MAX, KEY_MAX = 60, 3, 20
# What is wrong with a step is said by digits where a Bad step was found; elsewhere the same digits rate.
KIND = "kind_"


def of(*, user: User) -> Preferences:
    """What this person chose; the defaults, not stored, where they chose nothing yet."""
    return Preferences.objects.filter(user=user).first() or Preferences(user=user)


def shown(chosen: Preferences) -> dict[str, Any]:
    """As the desk and the API have it."""
    return {field: getattr(chosen, field) for field in FIELDS}


def change(*, user: User, given: Mapping[str, Any]) -> Preferences:
    """Store what is named in `given`; what is not named stays. Returns all of it.

    Raises `InvalidInput` with each field that is unknown or not as it should be; then nothing has changed.
    """
    if errors := [error for field, value in given.items() for error in _errors(str(field), value)]:
        raise InvalidInput(gettext("Some preferences were refused."), errors=errors)
    with transaction.atomic():
        stored, _ = Preferences.objects.select_for_update().get_or_create(user=user)
        for field, value in given.items():
            setattr(stored, field, value)
        stored.save(update_fields=list(given))
    return stored


def require_language(language: str) -> str:
    """The language, if it is spoken here. Raises `InvalidInput`."""
    if language not in dict(settings.LANGUAGES):
        raise InvalidInput(gettext("There is no such language."), errors=[FieldError("language", "is not known")])
    return language


def set_language(*, user: User, language: str) -> None:
    """Have pages speak this language to the person from now on. Raises `InvalidInput`."""
    change(user=user, given={"language": require_language(language)})


def _errors(field: str, value: Any) -> list[FieldError]:
    if field == "keys":
        return _key_errors(value)
    if field == "language":
        known = ["", *dict(settings.LANGUAGES)]
        return [] if value in known else [FieldError(field, f"must be one of {', '.join(known[1:])}, or empty")]
    if field == "time_zone":
        valid = isinstance(value, str) and (value == "" or is_zone(value))
        return [] if valid else [FieldError(field, "must be the name of a time zone, or empty")]
    if field == "practised":
        return [] if isinstance(value, bool) else [FieldError(field, "must be true or false")]
    return [FieldError(field, "is not a known field")]


def _key_errors(keys: Any) -> list[FieldError]:
    if not isinstance(keys, dict) or len(keys) > ACTIONS_MAX:
        return [FieldError("keys", f"must be an object of at most {ACTIONS_MAX} actions")]
    holders: dict[tuple[bool, str], str] = {}
    errors = []
    for action, given in keys.items():
        field = f"keys.{action}"
        if not re.fullmatch(r"[a-z][a-z_]{0,39}", action):
            errors.append(FieldError("keys", "names an action that cannot be one"))
        elif not isinstance(given, list) or not 1 <= len(given) <= KEYS_EACH_MAX:
            errors.append(FieldError(field, f"must be a list of 1 to {KEYS_EACH_MAX} keys"))
        else:
            errors += _each_key_errors(field, action, given, holders)
    return errors


def _each_key_errors(
    field: str, action: str, given: list[Any], holders: dict[tuple[bool, str], str]
) -> list[FieldError]:
    """Of one action's keys; `holders` learns who has which, the kinds of errors apart from all others."""
    errors = []
    for index, key in enumerate(given):
        if not isinstance(key, str) or not 1 <= len(key) <= KEY_MAX or not key.isprintable():
            errors.append(FieldError(f"{field}[{index}]", f"must be the name of a key, {KEY_MAX} characters at most"))
        elif holder := holders.get((action.startswith(KIND), key)):
            errors.append(FieldError(f"{field}[{index}]", f"is the key of {holder} already"))
        else:
            holders[action.startswith(KIND), key] = action
    return errors

"""Time zones by their IANA names: a person's day begins at their own midnight."""

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def is_zone(name: str) -> bool:
    """Whether this machine knows a zone of this name."""
    if not re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", name):
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def zone(name: str) -> ZoneInfo:
    """The zone of this name; UTC where it has none or this machine does not know it."""
    return ZoneInfo(name) if name and is_zone(name) else ZoneInfo("UTC")


def beginning(day: date, where: ZoneInfo) -> datetime:
    """The moment in which `day` begins there."""
    return datetime.combine(day, time.min, tzinfo=where)

"""One's own days in a project: what was finished and how long it took, by the person's own calendar. Nobody else's numbers come near."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from statistics import median
from typing import Any

from django.utils import timezone

from annotation import access, preferences, zones
from annotation.models import Project, User

DAYS = 7


def last_days(*, user: User, project: Project) -> dict[str, Any]:
    """`days`: the last seven, today last, each `{date, items, active_ms}`; `median_ms`: of today's items, None before the first."""
    where = zones.zone(preferences.of(user=user).time_zone)
    today = timezone.localdate(timezone=where)
    calendar = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    spent: dict[date, Counter[int]] = defaultdict(Counter)
    for at, item, milliseconds in access.own_work_since(
        user=user, project=project, since=zones.beginning(calendar[0], where)
    ):
        spent[at.astimezone(where).date()][item] += milliseconds
    return {
        "days": [{"date": day, "items": len(spent[day]), "active_ms": spent[day].total()} for day in calendar],
        "median_ms": round(median(spent[today].values())) if spent[today] else None,
    }

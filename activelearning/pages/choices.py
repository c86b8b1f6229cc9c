"""What a round chose, on its page: fifty at a time, and while the batch is held, dropped or taken back and let through."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext

from activelearning import access, approval, tasks
from activelearning.models import Round
from activelearning.retelling import retold
from annotation.access import RESEARCH
from annotation.errors import DomainError
from annotation.models import Project, User
from annotation.pages.door import project_page

SHOWN = 50
MOST_DIGITS = 9


def context(found: Round, request: HttpRequest) -> dict[str, Any]:
    """What the template needs; `after` in the address is the rank that the page before ended with."""
    after = _number(request.GET.get("after", ""))
    rows = access.choices_after(round_=found, rank=after, most=SHOWN + 1)
    chosen = rows[:SHOWN]
    for row in chosen:
        row.reason = retold(row.reason)
    dropped = found.selected.filter(dropped_at__isnull=False).count()
    count = found.selected.count()
    return {
        "awaited": approval.awaited(found),
        "chosen": chosen,
        "chosen_count": count,
        "dropped_count": dropped,
        "left_count": count - dropped,
        "last_rank": chosen[-1].rank if chosen else 0,
        "later": chosen[-1].rank if len(rows) > SHOWN else None,
        "earlier": after > 0,
        "after": after,
    }


@project_page(RESEARCH, "POST")
def mark(request: HttpRequest, user: User, project: Project, number: int) -> HttpResponse:
    found = access.round_numbered(user=user, project=project, number=number)
    named = [pk for text in request.POST.getlist("solution") if (pk := _number(text))]
    which = "kept" if request.POST.get("act") == "keep" else "dropped"

    def act() -> None:
        approval.mark(round_=found, **{which: named}, actor=user)

    return _acted(request, found, act, "")


@project_page(RESEARCH, "POST")
def approve(request: HttpRequest, user: User, project: Project, number: int) -> HttpResponse:
    found = access.round_numbered(user=user, project=project, number=number)

    def act() -> None:
        approval.approve(round_=found, actor=user)
        tasks.nudge_on_commit(found.pk)

    return _acted(request, found, act, gettext("Approved: what is left goes to the queue."))


def _acted(request: HttpRequest, found: Round, act: Callable[[], None], said: str) -> HttpResponse:
    try:
        act()
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        if said:
            messages.success(request, said)
    after = _number(request.POST.get("after", ""))
    address = reverse("round", args=[found.project.slug, found.number])
    return redirect(f"{address}?after={after}#chosen" if after else f"{address}#chosen")


def _number(text: str) -> int:
    """0 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 * MOST_DIGITS else 0


urlpatterns = [
    path("projects/<slug:slug>/rounds/<int:number>/choices/", mark, name="round-choices"),
    path("projects/<slug:slug>/rounds/<int:number>/approve/", approve, name="round-approve"),
]

"""The labelling page and its practice: a shell for the desk, which speaks to the API for everything else."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.csrf import ensure_csrf_cookie

from annotation import access, preferences
from annotation.models import Annotation, Project, User
from annotation.pages.door import project_page


@ensure_csrf_cookie
@project_page(access.LABELLING)
def desk(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    return _page(request, user, project, practice=False)


@ensure_csrf_cookie
@project_page(access.LABELLING)
def practice(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    """The same desk over examples of our own: it asks the server for no work and sends it none."""
    return _page(request, user, project, practice=True)


def _page(request: HttpRequest, user: User, project: Project, *, practice: bool) -> HttpResponse:
    config: dict[str, Any] = {
        "project": project.slug,
        "project_name": project.name,
        "api": "/api/v1/",
        "account": user.pk,
        "account_name": str(user),
        "account_email": user.email,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "instructions": project.instructions,
        "protocol": project.protocol,
        "live_steps": bool(settings.STEP_SUPPLIER),
        "sign_in_url": f"{reverse('account_login')}?next={request.path}",
        "home_url": reverse("project", args=[project.slug]),
        "language_url": reverse("language"),
        "desk_url": reverse("desk", args=[project.slug]),
        "practice_url": reverse("practice", args=[project.slug]),
        "practice": practice,
        "newcomer": _is_newcomer(user, project),
        "preferences": preferences.shown(preferences.of(user=user)),
    }
    return render(request, "annotation/desk.html", {"project": project, "config": config, "practice": practice})


def _is_newcomer(user: User, project: Project) -> bool:
    """Whether this person has labelled nothing yet, anywhere, in the way that this project is labelled."""
    return not Annotation.objects.filter(labeller__user=user, labeller__project__protocol=project.protocol).exists()


urlpatterns = [
    path("projects/<slug:slug>/label/", desk, name="desk"),
    path("projects/<slug:slug>/practice/", practice, name="practice"),
]

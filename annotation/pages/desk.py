"""The labelling page: a shell for the desk, which speaks to the API for everything else."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.csrf import ensure_csrf_cookie

from annotation import access
from annotation.models import User


@login_required
@ensure_csrf_cookie
def desk(request: HttpRequest, slug: str) -> HttpResponse:
    user = request.user
    if not isinstance(user, User):
        raise TypeError("login_required let a stranger in")
    project = access.project(user=user, slug=slug, roles=access.LABELLING)
    config = {
        "project": project.slug,
        "project_name": project.name,
        "api": "/api/v1/",
        "account": user.pk,
        "account_name": str(user),
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "instructions": project.instructions,
        "sign_in_url": f"{reverse('account_login')}?next={request.path}",
        "home_url": "/",
    }
    return render(request, "annotation/desk.html", {"project": project, "config": config})


urlpatterns = [path("projects/<slug:slug>/label/", desk, name="desk")]

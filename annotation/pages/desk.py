"""The labelling page: a shell for the desk, which speaks to the API for everything else."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.csrf import ensure_csrf_cookie

from annotation import access
from annotation.models import Project, User
from annotation.pages.door import project_page


@ensure_csrf_cookie
@project_page(access.LABELLING)
def desk(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    config = {
        "project": project.slug,
        "project_name": project.name,
        "api": "/api/v1/",
        "account": user.pk,
        "account_name": str(user),
        "account_email": user.email,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "instructions": project.instructions,
        "sign_in_url": f"{reverse('account_login')}?next={request.path}",
        "home_url": reverse("project", args=[project.slug]),
    }
    return render(request, "annotation/desk.html", {"project": project, "config": config})


urlpatterns = [path("projects/<slug:slug>/label/", desk, name="desk")]

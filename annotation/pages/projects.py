"""Pages of projects: mine, a new one, one at a glance, its settings, its queue."""

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings as installation
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext

from annotation import access, accounts, first_batch, projects
from annotation.errors import DomainError, Forbidden
from annotation.models import Annotation, Project, Protocol, Role, User
from annotation.pages.door import person_page, project_page
from annotation.pages.forms import FirstBatchForm, ProjectForm, SettingsForm, status_of


@person_page()
def home(request: HttpRequest, user: User) -> HttpResponse:
    advised = access.is_powerful(user=user) and not is_mfa_enabled(user)
    context = {"memberships": access.projects_of(user=user), "advise_second_factor": advised}
    return render(request, "annotation/home.html", context)


@person_page("GET", "POST")
def new(request: HttpRequest, user: User) -> HttpResponse:
    if not user.is_operator:
        raise Forbidden(gettext("Only an operator of this installation may create projects."))
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            project = projects.create_project(**form.cleaned_data, actor=user)
        except DomainError as error:
            form.refused(error)
        else:
            messages.success(
                request, gettext("%(project)s is there. Next: import a dataset.") % {"project": project.name}
            )
            return redirect("project", project.slug)
    return render(request, "annotation/project_new.html", {"form": form}, **status_of(form))


@project_page(access.LABELLING)
def overview(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    role = access.role_in(user=user, project=project) or Role.LABELLER
    found = projects.figures(project=project)
    mine = Annotation.objects.done_today(accounts.labeller_of(project=project, user=user))
    context = {
        "project": project,
        "role": role,
        "step": projects.next_step(found=found, role=role, paused=project.paused),
        # A labeller sees their own work alone, not even how much others did.
        "figures": found if role in access.READING else None,
        "mine": mine,
        "minutes": mine["active_ms_today"] // 60_000,
    }
    return render(request, "annotation/project.html", context)


@project_page(access.ADMINISTRATION, "GET", "POST")
def settings(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    stored = {"name": project.name, "instructions": project.instructions, "paused": project.paused}
    form = SettingsForm(request.POST or None, initial=stored)
    if request.method == "POST" and form.is_valid():
        try:
            projects.change_project(project=project, **form.cleaned_data, actor=user)
        except DomainError as error:
            form.refused(error)
        else:
            messages.success(request, gettext("Saved."))
            return redirect("project-settings", project.slug)
    return render(request, "annotation/project_settings.html", {"project": project, "form": form}, **status_of(form))


@project_page(access.RESEARCH, "GET", "POST")
def queue(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    form, by_step = FirstBatchForm(request.POST or None), project.protocol == Protocol.STEP_BY_STEP
    if by_step:
        form.fields["count"].label = gettext("How many problems")
    if request.method == "POST" and form.is_valid():
        try:
            batch = first_batch.draw(project=project, **form.cleaned_data, actor=user)
        except DomainError as error:
            form.refused(error)
        else:
            messages.success(request, gettext("Queued: %(batch)s.") % {"batch": batch.name})
            return redirect("queue", project.slug)
    found = projects.figures(project=project)
    context = {
        "project": project,
        "batches": access.batches(project=project),
        "pool": found.pool,
        "by_step": by_step,
        "supplied": bool(installation.STEP_SUPPLIER),
        "form": form,
    }
    return render(request, "annotation/queue.html", context, **status_of(form))


urlpatterns = [
    path("", home, name="home"),
    path("projects/new/", new, name="project-new"),
    path("projects/<slug:slug>/", overview, name="project"),
    path("projects/<slug:slug>/settings/", settings, name="project-settings"),
    path("projects/<slug:slug>/queue/", queue, name="queue"),
]

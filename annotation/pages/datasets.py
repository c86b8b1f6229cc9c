"""Pages of datasets: upload an import and watch it, freeze the labels and download them."""

from django import forms
from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from annotation import access, imports, snapshots, uploads
from annotation.errors import DomainError
from annotation.import_sources import AUTO
from annotation.models import JobState, Project, User
from annotation.pages.door import person_page, project_page
from annotation.pages.forms import PlainForm, status_of

FORMAT_CHOICES = {
    AUTO: _("Recognise it from the first record"),
    "prm800k": _("prm800k: finished records as OpenAI published them, either phase"),
    "problems": _("problems: problem and reference answer, one a line"),
    "solutions": _("solutions: problem and steps, one solution a line"),
    "step-tree": _("step-tree: ready-made next steps for building a solution step by step"),
    "gsm8k": _("gsm8k: the problems, or the example model solutions"),
    "math": _("math: problems with level and type, the answer in the last \\boxed"),
    "processbench": _("processbench: solutions with the first wrong step"),
    "prmbench": _("prmbench: right and deliberately broken solutions"),
    "scored-samples": _("scored-samples: solutions with a model's probabilities a step"),
}
KIND_CHOICES = {
    "": _("What the format is for"),
    "queue": _("Queue: people are asked to label every solution"),
    "pool": _("Pool: unlabelled, for rounds to choose from"),
    "evaluation": _("Evaluation: never labelled, trained on or chosen"),
    "annotations": _("Annotations: finished labels by named labellers"),
}


class UploadForm(PlainForm):
    """As the API has it, but for `as`, which is no name in Python: here it is `kind`."""

    file = forms.FileField(
        label=_("File"), help_text=_("JSON lines or one JSON array, .gz too. It is imported whole or not at all.")
    )
    format = forms.ChoiceField(choices=list(FORMAT_CHOICES.items()), initial=AUTO, required=False, label=_("Format"))
    kind = forms.ChoiceField(
        choices=list(KIND_CHOICES.items()),
        required=False,
        label=_("Import as"),
        help_text=_("By itself, records become annotations, solutions the pool, and benchmarks are for evaluation."),
    )

    def refused(self, error: DomainError) -> None:
        for found in error.errors:
            found.field = "kind" if found.field == "as" else found.field
        super().refused(error)


# The body of an upload is large: who asks and how much comes is settled first, then the CSRF token is read out of the body.
@csrf_exempt
@project_page(access.ADMINISTRATION, "GET", "POST")
def dataset_imports(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    if request.method == "POST":
        uploads.require_size(length=int(request.META.get("CONTENT_LENGTH") or 0))
    return _dataset_imports(request, user=user, project=project)


@csrf_protect
def _dataset_imports(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            job = uploads.accept(
                project=project,
                upload=form.cleaned_data["file"],
                format=form.cleaned_data["format"] or AUTO,
                kind=form.cleaned_data["kind"] or None,
                actor=user,
            )
        except DomainError as error:
            form.refused(error)
        else:
            return redirect("import", job.pk)
    context = {"project": project, "form": form, "imports": imports.recent(project=project)}
    return render(request, "annotation/datasets/imports.html", context, **status_of(form))


@person_page()
def dataset_import(request: HttpRequest, user: User, import_id: int) -> HttpResponse:
    job = access.dataset_import(user=user, import_id=import_id)
    waiting = job.state in (JobState.PENDING, JobState.RUNNING)
    return render(request, "annotation/datasets/import.html", {"project": job.project, "job": job, "waiting": waiting})


@project_page(access.RESEARCH, "GET", "POST")
def datasets(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    if request.method == "POST":
        try:
            snapshot = snapshots.freeze(project=project, actor=user)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            said = ngettext(
                "%(rows)s label is frozen as snapshot %(snapshot)s.",
                "%(rows)s labels are frozen as snapshot %(snapshot)s.",
                snapshot.rows,
            )
            messages.success(request, said % {"rows": intcomma(snapshot.rows), "snapshot": snapshot.pk})
        return redirect("datasets", project.slug)
    context = {
        "project": project,
        "countable": snapshots.countable(project=project),
        "snapshots": snapshots.of_project(project=project),
    }
    return render(request, "annotation/datasets/data.html", context)


urlpatterns = [
    path("projects/<slug:slug>/imports/", dataset_imports, name="imports"),
    path("imports/<int:import_id>/", dataset_import, name="import"),
    path("projects/<slug:slug>/data/", datasets, name="datasets"),
]

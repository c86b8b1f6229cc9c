"""Uploaded datasets: kept in the data folder under names of our own until their import is over, never where the web server looks."""

import os
import time
import uuid
from functools import partial
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.formats import number_format
from django.utils.translation import gettext

from annotation import audit, import_sources
from annotation.errors import FieldError, InvalidInput, TooLarge
from annotation.models import Import, JobState, Project, User

FOLDER = "uploads"
LOST_AFTER_SECONDS = 24 * 3600


def require_size(*, length: int) -> None:
    """Raises `TooLarge` for a request of so many bytes. Ask before its body is read."""
    if length > settings.UPLOAD_MAX_BYTES:
        said = gettext("An upload may have %(limit)s bytes at most. Compress it with gzip, or import it on the server.")
        raise TooLarge(said % {"limit": number_format(settings.UPLOAD_MAX_BYTES, force_grouping=True)})


def accept(
    *, project: Project, upload: "UploadedFile[Any] | None", format: str, kind: str | None, actor: User
) -> Import:
    """Keep the file and its import, waiting for a worker. Raises `InvalidInput` for a missing file or unknown format, `TooLarge`."""
    if upload is None:
        raise InvalidInput(gettext("Choose a file to upload."), errors=[FieldError("file", gettext("is missing"))])
    import_sources.require_known(format=format, kind=kind)
    require_size(length=upload.size or 0)
    path = _keep(upload)
    try:
        with transaction.atomic():
            job = Import.objects.create(
                project=project,
                created_by=actor,
                file_name=_shown_name(upload.name),
                path=f"{FOLDER}/{path.name}",
                format=format,
                kind=kind or "",
            )
            audit.record(
                actor=actor, action="dataset.uploaded", project=project, dataset_import=job.pk, file=job.file_name
            )
            # A nudge; robust, because the reaper finds the row as well when the broker is away.
            transaction.on_commit(partial(current_app.send_task, "annotation.tasks.run_import", [job.pk]), robust=True)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return job


def _shown_name(name: str | None) -> str:
    """The sender's name for the file, without folders and control characters. For display alone."""
    base = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in base if character.isprintable())[:255] or "upload"


def _keep(upload: "UploadedFile[Any]") -> Path:
    path = Path(settings.DATA_DIR) / FOLDER / f"upload-{uuid.uuid4().hex}"
    path.parent.mkdir(exist_ok=True)
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for chunk in upload.chunks():
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


def path_of(job: Import) -> Path:
    return Path(settings.DATA_DIR) / job.path


def discard(job: Import) -> None:
    """The upload's file is not needed any more, unless its import waits for another attempt."""
    waits = Import.objects.filter(pk=job.pk, state__in=[JobState.PENDING, JobState.RUNNING]).exists()
    if job.path and not waits:
        path_of(job).unlink(missing_ok=True)


def sweep() -> None:
    """Remove files older than a day that no import waits for: what a killed process left."""
    folder = Path(settings.DATA_DIR) / FOLDER
    waiting = set(Import.objects.filter(state__in=[JobState.PENDING, JobState.RUNNING]).values_list("path", flat=True))
    before = time.time() - LOST_AFTER_SECONDS
    for path in folder.glob("*"):
        if path.is_file() and f"{FOLDER}/{path.name}" not in waiting and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)

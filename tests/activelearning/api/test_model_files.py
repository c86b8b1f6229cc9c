"""A model's files as a script meets them: those of its manifest and no other, whole, for researchers and admins."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from activelearning.models import ModelKind, RewardModel
from annotation import accounts, projects
from annotation.models import Project, Role, User

pytestmark = pytest.mark.django_db

FILES = {
    "README.md": b"# A model\n",
    "adapter/adapter_model.safetensors": b"adapter",
    "config.json": b"{}",
    "model.safetensors": b"\x00weights" * 200_000,
}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    (tmp_path / "m" / "adapter").mkdir(parents=True)
    for name, content in FILES.items():
        (tmp_path / "m" / name).write_bytes(content)
    (tmp_path / "m" / "train.log").write_text("not in the manifest")
    (tmp_path / "secret_key").write_text("beside it")
    return tmp_path / "m"


def make_model(project: Project, folder: Path, **more: str) -> RewardModel:
    manifest = json.dumps({"files": {name: sha256(content) for name, content in FILES.items()} | more}).encode()
    (folder / "training.json").write_bytes(manifest)
    return RewardModel.objects.create(
        project=project, kind=ModelKind.PRM, name=f"{project.slug}-prm", path="m", sha256=sha256(manifest)
    )


@pytest.fixture
def client(researcher: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(researcher)


def test_the_files_are_listed_with_hash_and_size_the_manifest_first(
    client: Client, project: Project, folder: Path
) -> None:
    model = make_model(project, folder)
    found = client.get(f"/api/v1/models/{model.pk}/files/").json()["results"]
    assert [file["name"] for file in found] == ["training.json", *FILES]
    assert found[0]["sha256"] == model.sha256
    assert {f["name"]: (f["sha256"], f["size"]) for f in found[1:]} == {
        name: (sha256(content), len(content)) for name, content in FILES.items()
    }


@pytest.mark.parametrize("name", ["training.json", *FILES])
def test_a_file_comes_byte_for_byte_and_says_what_it_should_be(
    client: Client, project: Project, folder: Path, name: str
) -> None:
    model = make_model(project, folder)
    answer = client.get(f"/api/v1/models/{model.pk}/files/{name}")
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content)
    assert content == (folder / name).read_bytes()
    assert answer.headers["Content-Length"] == str(len(content))
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"


@pytest.mark.parametrize(
    "name",
    ["train.log", "../secret_key", "%2e%2e/secret_key", "adapter/../config.json", "./config.json", "/etc/passwd", "adapter", ""],
)  # fmt: skip
def test_what_the_manifest_does_not_name_is_not_there(
    client: Client, project: Project, folder: Path, name: str
) -> None:
    answer = client.get(f"/api/v1/models/{make_model(project, folder).pk}/files/{name}")
    assert answer.status_code == (200 if name == "" else 404)
    said = b"".join(answer)
    assert b"beside it" not in said
    assert b"not in the manifest" not in said


@pytest.mark.parametrize("name", ["../secret_key", "weights.bin", "code.py", "a/b/c.json"])
def test_what_a_manifest_names_beyond_its_kind_is_not_handed_out(
    client: Client, project: Project, folder: Path, name: str
) -> None:
    model = make_model(project, folder, **{name: sha256(b"x")})
    assert name not in [f["name"] for f in client.get(f"/api/v1/models/{model.pk}/files/").json()["results"]]
    assert client.get(f"/api/v1/models/{model.pk}/files/{name}").status_code == 404


def test_a_link_that_leads_out_of_the_folder_is_not_followed(client: Client, project: Project, folder: Path) -> None:
    model = make_model(project, folder)
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to(folder.parent / "secret_key")
    answer = client.get(f"/api/v1/models/{model.pk}/files/config.json")
    assert (answer.status_code, answer.json()["code"]) == (409, "model_files_missing")


def test_files_that_are_gone_or_not_those_that_were_trained_are_409(
    client: Client, project: Project, folder: Path
) -> None:
    model = make_model(project, folder)
    path = f"/api/v1/models/{model.pk}/files/"
    (folder / "config.json").unlink()
    assert (client.get(path).status_code, client.get(path).json()["code"]) == (409, "model_files_missing")
    (folder / "training.json").write_text('{"files": {}}')
    assert client.get(f"{path}training.json").status_code == 409
    (folder / "training.json").unlink()
    assert client.get(path).status_code == 409


def test_reviewers_labellers_and_other_projects_meet_closed_doors(
    project: Project, folder: Path, member: Callable[..., User], signed_in: Callable[[User], Client]
) -> None:
    model = make_model(project, folder)
    other = projects.create_project(slug="geometry")
    strangers = [member(Role.LABELLER), member(Role.REVIEWER), member(Role.ADMIN, name="x", in_project=other)]
    for person in strangers:
        for name in ("", "config.json"):
            assert signed_in(person).get(f"/api/v1/models/{model.pk}/files/{name}").status_code == 404


def test_a_token_needs_the_scope_export(researcher: User, project: Project, folder: Path) -> None:
    path = f"/api/v1/models/{make_model(project, folder).pk}/files/config.json"
    for scope, status in (("read", 403), ("export", 200)):
        _, secret = accounts.issue_token(user=researcher, name="t", scopes=[scope])
        assert Client().get(path, headers={"Authorization": f"Bearer {secret}"}).status_code == status

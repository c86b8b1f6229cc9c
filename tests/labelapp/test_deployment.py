"""The image and the compose file, as far as they can be judged without an engine."""

import fnmatch
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "trainer", "scorer", "beat")
LONG_RUNNING = ("db", "redis", "web", "worker", "trainer", "scorer", "beat")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()


def test_every_part_is_there() -> None:
    assert set(SERVICES) == {*LONG_RUNNING, "migrate"}


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_a_part_that_hangs_is_seen(name: str) -> None:
    in_image = any(line.startswith("HEALTHCHECK") for line in DOCKERFILE)
    assert "healthcheck" in SERVICES[name] or (name == "web" and in_image)


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for used in re.findall(r"(?<!\$)\$\{([^}]*)\}", text):
        name = re.split(r"[:?-]", used, maxsplit=1)[0]
        if any(word in name for word in ("SECRET", "PASSWORD", "HOSTS", "PUBLIC_URL")):
            assert used.startswith(f"{name}:?"), f"{name} must be asked for, not defaulted"
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "ALLOWED_HOSTS", "PUBLIC_URL"):
        assert f"${{{name}:?" in text


def test_the_gpu_is_the_trainers_alone() -> None:
    holders = [name for name, service in SERVICES.items() if "devices" in str(service.get("deploy", ""))]
    assert holders == ["trainer"]
    (device,) = SERVICES["trainer"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}


def test_only_the_web_is_published_and_on_loopback_unless_told() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["${BIND:-127.0.0.1:8000}:8000"]}


@pytest.mark.parametrize("name", OURS)
def test_our_parts_run_in_production_with_few_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["environment"]["LABELAPP_ENV"] == "production"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


def test_the_tables_are_made_once_before_anything_uses_them() -> None:
    assert SERVICES["migrate"]["restart"] == "no"
    assert SERVICES["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    for name in ("web", "worker", "trainer", "scorer", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_every_queue_has_its_workers() -> None:
    queues = {
        name: SERVICES[name]["command"][SERVICES[name]["command"].index("-Q") + 1] for name in ("worker", "trainer")
    }
    assert queues == {"worker": "default", "trainer": "train"}


def test_postgres_is_durable() -> None:
    assert {"fsync=on", "full_page_writes=on", "synchronous_commit=on"} <= set(SERVICES["db"]["command"])


def _copied() -> list[str]:
    sources = []
    for line in DOCKERFILE:
        if line.startswith("COPY ") and "--from=" not in line:
            sources += line.split()[1:-1]
    return sources


def test_what_the_image_copies_exists_and_is_sent_to_the_engine() -> None:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for source in _copied():
        assert (ROOT / source).exists(), source
        assert any(source == name or source.startswith(f"{name}/") for name in (k.rstrip("/") for k in kept)), source


def test_the_image_holds_every_package_of_ours() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages <= set(_copied())


def test_the_image_runs_as_nobody_special() -> None:
    users = [line.split()[1] for line in DOCKERFILE if line.startswith("USER ")]
    assert users == ["labelapp"]
    assert max(n for n, line in enumerate(DOCKERFILE) if line.startswith("RUN")) < DOCKERFILE.index("USER labelapp")


def test_nothing_private_is_sent_to_the_engine() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[0] == "*"
    sent = [line[1:] for line in lines if line.startswith("!")]
    for private in (".env", "var", ".git", "tests"):
        assert not any(fnmatch.fnmatch(private, pattern) for pattern in sent)

"""The generators that a round may name: `scripted`, a model folder of DATA_DIR/bases, or a server that an operator has set up.

A researcher picks a name and never types a path or an address.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings

from activelearning import child
from activelearning.child import ProgressFile
from activelearning.files import replacing
from activelearning.generators import openai_api, scripted, servers, tune
from activelearning.generators.openai_api import ServerRefused
from activelearning.generators.samples import Sample, Sampled, Take, Tick, Wanted
from activelearning.generators.sampling import PLACE, Sampling
from activelearning.generators.servers import Server
from annotation.errors import Conflict

POOL, SCRIPTED, LOCAL, SERVER = "pool", "scripted", "local", "server"
SAMPLER = "activelearning.generators.sample"


@dataclass(frozen=True, slots=True)
class Maker:
    """`name` stands in the solutions' rows. `generate` samples the wanted problems; `shard` is how many at a time.

    `generate(wanted, sampling, *, take, tick, file)`: `take` gets each problem's samples as they come, `tick` is called often and stops it
    by raising, what a child process reads and writes begins with `file`.
    """

    name: str
    generate: Callable[..., None]
    shard: int


def kind_of(generate: object) -> str:
    """The word that says which kind of generator this configuration names."""
    return next(iter(generate)) if isinstance(generate, dict) else str(generate)


def of(generate: object) -> Maker:
    """Raises `Conflict` where what was named is no more."""
    kind = kind_of(generate)
    name = str(generate[kind]) if isinstance(generate, dict) else ""
    if kind == SCRIPTED:
        return Maker(scripted.NAME, _scripted, 200)
    if kind == LOCAL and name in known_folders():
        return Maker(name, partial(_local, bases_folder() / name), 50)
    if kind == SERVER and (server := known_servers().get(name)):
        return Maker(name, partial(_server, server), 100)
    raise Conflict("no_generator", f"The generator {name or kind} is not to be had any more. Start another round.")


def known() -> list[str | dict[str, str]]:
    """Every generator that a round may name now, as its configuration names it."""
    local = [{LOCAL: name} for name in known_folders()]
    return [POOL, SCRIPTED, *local, *({SERVER: name} for name in known_servers())]


def known_folders() -> list[str]:
    """The model folders that an operator has put under DATA_DIR/bases."""
    folder = bases_folder()
    return sorted(p.name for p in folder.iterdir() if (p / "config.json").is_file()) if folder.is_dir() else []


def bases_folder() -> Path:
    return Path(settings.DATA_DIR) / "bases"


def own_prompt(folder: Path) -> str:
    """What a folder that was taught its format (`tune_generator`) says it is to be sampled with; empty where none is said."""
    try:
        said = json.loads((folder / tune.FACTS).read_bytes())["prompt"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return said if isinstance(said, str) and PLACE in said else ""


def known_servers() -> dict[str, Server]:
    """What the setting GENERATORS names; a check at the start has seen that it can be read."""
    return servers.parse(settings.GENERATORS)


def _scripted(wanted: Sequence[Wanted], sampling: Sampling, *, take: Take, tick: Tick, file: Path) -> None:
    scripted.generate(wanted, sampling, take=take, tick=tick)


def _server(
    server: Server, wanted: Sequence[Wanted], sampling: Sampling, *, take: Take, tick: Tick, file: Path
) -> None:
    try:
        openai_api.generate(server, wanted, sampling, take=take, tick=tick)
    except ServerRefused as refusal:
        raise Conflict("server_refused", str(refusal)) from refusal


def _local(folder: Path, wanted: Sequence[Wanted], sampling: Sampling, *, take: Take, tick: Tick, file: Path) -> None:
    """In a child process, which writes a line a problem; each is taken as soon as it is there."""
    sampling = replace(sampling, prompt=sampling.prompt or own_prompt(folder))
    source, output = file.with_name(f"{file.name}.wanted.json"), file.with_name(f"{file.name}.sampled.jsonl")
    asked = [{"id": one.id, "prompt": sampling.prompt_for(one.problem), "seed": one.seed} for one in wanted]
    with replacing(source) as writing:
        writing.write(json.dumps({"sampling": sampling.as_dict(), "wanted": asked}).encode())
    output.unlink(missing_ok=True)
    lines = ProgressFile(output)

    def look() -> None:
        for line in lines.new():
            take(_sampled(line))
        tick()

    arguments = ["--model", str(folder), "--input", str(source), "--output", str(output)]
    child.run(SAMPLER, arguments, log=file.with_name(f"{file.name}.log"), tick=look)


def _sampled(line: dict[str, Any]) -> Sampled:
    samples = tuple(Sample(text, cut_off=cut_off) for text, cut_off in line["samples"])
    return Sampled(id=line["id"], samples=samples, failed=line["failed"])

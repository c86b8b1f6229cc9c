"""The generate stage: where the candidates come from, and what becomes of the samples.

A round's problems are drawn, and sampled in shards by any number of workers (`sharing.py`). What is sampled of a problem becomes solutions
of the pool in one transaction with the row that says so, so that no problem is sampled twice whatever dies when. They arrive unseen and
land all at once, when the last problem is done.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Count, Sum

from activelearning import makers, sharing
from activelearning.attempt import LOST, Attempt, folder_of
from activelearning.generators import reading, sampling
from activelearning.generators.reading import Malformed, Read
from activelearning.generators.samples import Sampled, Wanted
from activelearning.generators.sampling import Sampling
from activelearning.makers import Maker
from activelearning.models import GenerateShard, Round, SampledProblem, Stage
from activelearning.round_config import RoundConfig
from activelearning.sharing import Meanwhile, Ticker
from annotation import jobs
from annotation.errors import Conflict
from annotation.fingerprints import solution_sha256
from annotation.jobs import JobLost
from annotation.models import Problem, Project, Purpose, Solution, Split

TASK = "activelearning.tasks.generate_shard"
LEFT_OUT = "not sampled"


def on_device(round_: Round) -> bool:
    """Whether a round's generator computes on the device that training and scoring take turns on."""
    return makers.kind_of(round_.config.get("generate")) == makers.LOCAL


def generate(attempt: Attempt) -> dict[str, Any]:
    """The pool has what the round's generator makes of its problems; with the generator `pool` it stays as it is.

    Raises `Conflict` where the pool is empty in the end, or the generator is not to be had.
    """
    if attempt.config.generate == makers.POOL:
        attempt.check()
        return _told_of_pool(attempt)
    maker = makers.of(attempt.config.generate)
    wanted = _drawn(attempt.round, sampling.parse(attempt.config.sampling).problems)
    while plan(stage=attempt.stage, problems=wanted, size=maker.shard) or _waiting(attempt.stage):
        sharing.work_through(
            attempt,
            GenerateShard,
            carry_out,
            task=TASK,
            queue="train" if on_device(attempt.round) else "default",
            report=_reporter(attempt, maker, len(wanted)),
        )
    with attempt.fenced():
        land(attempt.project)
    return _told(attempt, maker)


def _waiting(stage: Stage) -> bool:
    return sharing.waiting(GenerateShard, stage).exists()


def _reporter(attempt: Attempt, maker: Maker, total: int) -> Callable[[], None]:
    message = f"Sampling {total:,} problems by {maker.name}"

    def report() -> None:
        attempt.report(done=attempt.stage.sampled.count(), total=total, message=message)

    return report


def land(project: Project) -> None:
    """What has arrived is in the pool: of this round, and of one before it that was never finished."""
    Solution.objects.filter(project=project, purpose=Purpose.ARRIVING).update(purpose=Purpose.POOL)


# --- what came of it --------------------------------------------------------------------------------------------------


def _told_of_pool(attempt: Attempt) -> dict[str, Any]:
    count = _pool_count(attempt.project)
    problems = Solution.objects.pool(attempt.project).values("problem").distinct().count()
    return {"summary": f"{count:,} solutions of {problems:,} problems are in the pool.", "pool": count}


def _pool_count(project: Project) -> int:
    count = Solution.objects.pool(project).count()
    if not count:
        raise Conflict("empty_pool", "The pool is empty. Import solutions into it, then retry from this stage.")
    return count


def _told(attempt: Attempt, maker: Maker) -> dict[str, Any]:
    rows = SampledProblem.objects.filter(stage=attempt.stage)
    found = rows.aggregate(problems=Count("pk"), samples=Sum("samples"), kept=Sum("kept"), merged=Sum("merged"))
    counts = {name: int(value or 0) for name, value in found.items()}
    dropped: Counter[str] = Counter()
    for reasons in rows.exclude(dropped={}).values_list("dropped", flat=True).iterator():
        dropped.update(reasons)
    most_first = sorted(dropped.items(), key=lambda one: (-one[1], one[0]))
    parts = ", ".join(f"{count:,} {reason}" for reason, count in most_first)
    if not counts["kept"] and not Solution.objects.pool(attempt.project).exists():
        raise Conflict(
            "nothing_generated", f"No sample was a solution ({parts}). Change the sampling and start another round."
        )
    said = _sentence(maker.name, counts, dropped.total())
    summary = f"{said} Dropped: {parts}." if parts else said
    pool = _pool_count(attempt.project)
    return {"summary": summary, "generator": maker.name, **counts, "dropped": dict(dropped), "pool": pool}


def _sentence(generator: str, counts: dict[str, int], dropped: int) -> str:
    return (
        f"{counts['samples']:,} samples of {counts['problems']:,} problems by {generator}: "
        f"{counts['kept']:,} new in the pool, {counts['merged']:,} like others, {dropped:,} dropped."
    )


# --- what is to be done -----------------------------------------------------------------------------------------------


def _drawn(round_: Round, most: int | None) -> list[int]:
    """The keys of the problems to sample: drawn by the round's seed and number from those to be labelled; the same whenever it is asked."""
    rows = Problem.objects.landed().filter(project=round_.project_id, split=Split.LABEL)
    found = rows.values_list("text_sha256", "pk").iterator(chunk_size=10_000)
    ordered = ((_draw(round_, "draw", text), pk) for text, pk in found)
    chosen = sorted(ordered) if most is None else heapq.nsmallest(most, ordered)
    return [pk for _, pk in chosen]


def _draw(round_: Round, word: str, text_sha256: str) -> str:
    """A number in hexadecimal by chance for this problem in this round, which no other row changes."""
    return hashlib.sha256(f"{round_.config['seed']}/{round_.number}/{word}/{text_sha256}".encode()).hexdigest()


def plan(*, stage: Stage, problems: Iterable[int], size: int) -> int:
    """Shards for the problems that are not sampled yet, unless others wait. Returns how many are new."""
    with transaction.atomic():
        if not sharing.may_plan(GenerateShard, stage):
            return 0
        done = set(stage.sampled.values_list("problem_id", flat=True))
        left = [pk for pk in problems if pk not in done]
        parts = [left[start : start + size] for start in range(0, len(left), size)]
        GenerateShard.objects.bulk_create(GenerateShard(stage=stage, problems=part, size=len(part)) for part in parts)
    return len(parts)


# --- a shard ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Work:
    """A shard with what it needs to be carried out."""

    shard: GenerateShard
    round: Round
    maker: Maker
    sampling: Sampling
    problems: dict[int, Problem]  # those not sampled yet


def carry_out(shard: GenerateShard, *, meanwhile: Meanwhile = sharing.nothing) -> None:
    """Sample the shard's problems that are not sampled yet; `meanwhile` is called every second and stops it by raising.

    What breaks gives the shard to the next attempt, which goes on from there. A refusal has failed for good.
    """
    sharing.guarded(shard, lambda: _generate(shard, Ticker(shard, meanwhile)))


def _generate(shard: GenerateShard, tell: Ticker) -> None:
    stage = Stage.objects.select_related("round__project").get(pk=shard.stage_id)
    config = RoundConfig(**stage.round.config)
    done = set(stage.sampled.filter(problem__in=shard.problems).values_list("problem_id", flat=True))
    rows = Problem.objects.in_bulk([pk for pk in shard.problems if pk not in done])
    work = _Work(shard, stage.round, makers.of(config.generate), sampling.parse(config.sampling), rows)
    wanted = [_wanted(work, rows[pk]) for pk in shard.problems if pk in rows]
    counted = len(shard.problems) - len(wanted)

    def take(sampled: Sampled) -> None:
        nonlocal counted
        if sampled.id in rows:
            _store(work, sampled)
            counted += 1
            tell(counted)

    if wanted:
        work.maker.generate(wanted, work.sampling, take=take, tick=tell, file=_file(work))
    if counted < len(shard.problems):
        raise Conflict("not_sampled", "The generator left problems out; see its log.")
    for path in _file(work).parent.glob(f"{_file(work).name}.*"):
        path.unlink(missing_ok=True)


def _file(work: _Work) -> Path:
    """What a generator in a process of its own reads and writes begins with this name."""
    return folder_of(work.round) / f"samples.{work.shard.pk}"


def _wanted(work: _Work, problem: Problem) -> Wanted:
    seed = int(_draw(work.round, "sample", problem.text_sha256)[:8], 16) & 0x7FFFFFFF
    return Wanted(id=problem.pk, problem=problem.text, seed=seed)


def _store(work: _Work, sampled: Sampled) -> None:
    """The problem's new solutions and the row that says that it is sampled; nothing where that is there already."""
    said: Counter[Read] = Counter()
    dropped: Counter[str] = Counter()
    for sample in sampled.samples[: work.sampling.samples]:
        try:
            read = partial(reading.read, steps=work.sampling.steps, answer=work.sampling.answer)
            said[read(sample.text, cut_off=sample.cut_off)] += 1
        except Malformed as reason:
            dropped[str(reason)] += 1
    if missing := work.sampling.samples - said.total() - dropped.total():
        dropped[sampled.failed or LEFT_OUT] += missing
    named = {_sha256(work.maker, read): (read, count) for read, count in said.items()}
    with transaction.atomic():
        if jobs.mine(work.shard).select_for_update().first() is None:
            raise JobLost(LOST)
        here = Solution.objects.filter(problem=sampled.id, content_sha256__in=named)
        known = set(here.values_list("content_sha256", flat=True))
        new = [_solution(work, sampled.id, read, digest) for digest, (read, _) in named.items() if digest not in known]
        Solution.objects.bulk_create(new, ignore_conflicts=True)
        SampledProblem.objects.get_or_create(
            stage_id=work.shard.stage_id,
            problem_id=sampled.id,
            defaults={
                "samples": work.sampling.samples,
                "kept": len(new),
                "merged": said.total() - len(new),
                "dropped": dict(dropped),
                "copies": {digest: count for digest, (_, count) in named.items() if count > 1},
            },
        )


def _sha256(maker: Maker, read: Read) -> str:
    return solution_sha256(steps=read.steps, answer=read.answer, generator=maker.name)


def _solution(work: _Work, problem: int, read: Read, digest: str) -> Solution:
    return Solution(
        project_id=work.round.project_id,
        problem_id=problem,
        purpose=Purpose.ARRIVING,
        steps=list(read.steps),
        answer=read.answer,
        generator=work.maker.name,
        generation=work.round.number,
        content_sha256=digest,
    )

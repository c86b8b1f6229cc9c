"""Selection: a thousand of a scored pool, strategy by strategy, at growing sizes of it on PostgreSQL, with each choice's peak memory.

Prints a table: seconds, CPU-seconds of this process and MiB at its peak, each choice in a process of its own; and how PostgreSQL reads. The
pool is synthetic, made inside the database: `--each` solutions a problem, two in five wrong, scores with ties.
"""

import argparse
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelapp.settings")

import django
import numpy as np

django.setup()

from django.core.management import call_command
from django.db import connection, transaction

from activelearning import pool, shortlist, votes
from activelearning.choice import choose
from activelearning.round_config import RoundConfig
from activelearning.shortlist import Wish
from annotation import projects
from annotation.models import Project

SCORER = "bench-prm-1"
TABLES = ("annotation_problem", "annotation_solution", "annotation_score", "activelearning_votedispute")
CHOICES: dict[str, dict[str, Any]] = {
    "convincing_wrong, whole pool": {"strategy": "convincing_wrong", "per_problem": None},
    "convincing_wrong, 2 a problem": {"strategy": "convincing_wrong"},
    "mixed": {"strategy": "mixed"},
    "uncertainty": {"strategy": "uncertainty"},
    "ensemble": {"strategy": "ensemble"},
    "grader_disagreement": {"strategy": "grader_disagreement"},
    "uniform": {"strategy": "uniform"},
    "stratified": {"strategy": "stratified"},
    "diversity (a sample)": {"strategy": "diversity"},
    "60/20/20, near duplicates dropped": {
        "strategy": {"convincing_wrong": 0.6, "uncertainty": 0.2, "uniform": 0.2},
        "drop_near_duplicates": True,
    },
    "vote_disagreement": {"strategy": "vote_disagreement"},
}


def fill(project: Project, rows: int, each: int) -> None:
    """The pool grows to `rows` solutions. Indexes are made anew behind it, as a restored database has them."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'")
        indexes = _drop_indexes(cursor)
        cursor.execute("SELECT count(*) FROM annotation_solution")
        there: int = cursor.fetchone()[0]
        place = {"project": project.pk, "first": there, "last": rows - 1, "each": each, "scorer": SCORER}
        cursor.execute(
            """INSERT INTO annotation_problem (id, project_id, text, text_sha256, external_id, subject, level, split)
            SELECT n + 1, %(project)s, 'Problem ' || n, n::text, '', 'Subject ' || n %% 7, 'Level ' || n %% 5, 'label'
            FROM generate_series(%(first)s / %(each)s, %(last)s / %(each)s) n""",
            place,
        )
        cursor.execute(
            """INSERT INTO annotation_solution (id, project_id, problem_id, purpose, steps, answer, alternatives, generator,
                external_id, content_sha256, verdict, created_at)
            SELECT n + 1, %(project)s, n / %(each)s + 1, 'pool', jsonb_build_array('Step one of ' || n, 'Step two.'),
                (hashint8(n) & 3)::text, '{}', 'bench', '', n::text,
                CASE WHEN (hashint8(n) & 1023) < 410 THEN 'wrong' WHEN (hashint8(n) & 1023) < 970 THEN 'right' ELSE 'undecided' END,
                now()
            FROM generate_series(%(first)s, %(last)s) n""",
            place,
        )
        cursor.execute(
            """INSERT INTO annotation_score (solution_id, scorer, rating_probs, prm_score, doubt, problem_id, verdict, created_at)
            SELECT id, %(scorer)s, '[]', round(power((hashint8extended(id, 1) & 1048575) / 1048576.0, 2)::numeric, 6)::float8,
                (hashint8extended(id, 2) & 1048575) / 10000.0, problem_id, verdict, now()
            FROM annotation_solution WHERE id > %(first)s""",
            place,
        )
        for definition in indexes:
            cursor.execute(definition)
        cursor.execute("RESET synchronous_commit")
        for table in TABLES:
            cursor.execute(f"VACUUM ANALYZE {table}")
    counted(project, range(there // each + 1, (rows - 1) // each + 2), at_once=max(pool.CHUNK // each, 1))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE activelearning_votedispute")


def counted(project: Project, problems: range, *, at_once: int) -> None:
    """The votes of these problems, so many at once as scoring counts while it stores its scores."""
    begun = time.monotonic()
    for start in range(0, len(problems), at_once):
        with transaction.atomic():
            votes.keep(project=project, scorer=SCORER, problems=problems[start : start + at_once])
    kept = votes.kept(project=project, scorer=SCORER).count()
    print(
        f"\nvotes of {len(problems):,} more problems counted in {time.monotonic() - begun:.0f} s; {kept:,} disputes are kept"
    )


def _drop_indexes(cursor: Any) -> list[str]:
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT IN"
        " (SELECT conname FROM pg_constraint)",
        [list(TABLES)],
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [definition for _, definition in found]


def embed(solutions: frozenset[int]) -> dict[int, Any]:
    """Stands in for the model, whose time is not measured here: a row as wide as a model of half a billion weights has it."""
    draw = np.random.default_rng(0)
    return {pk: draw.standard_normal(896, dtype=np.float32) for pk in solutions}


def measured(project: Project, config: RoundConfig) -> tuple[float, float, float, int]:
    """Seconds, CPU-seconds and peak MiB of a process that does nothing else, and how many it chose."""
    connection.close()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        begun, used = time.monotonic(), time.process_time()
        found = len(choose(project=project, scorer=SCORER, config=config, embed=embed))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        os.write(writing, f"{time.monotonic() - begun} {time.process_time() - used} {peak} {found}".encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        said = file.read().split()
    os.waitpid(child, 0)
    return float(said[0]), float(said[1]), float(said[2]), int(said[3])


def plans(project: Project) -> None:
    """How PostgreSQL reads a page of a number's order, and some lots."""
    wish = Wish(project=project, scorer=SCORER, budget=1000, per_problem=None, merge=False, seed=1)
    wrong = shortlist.scored(wish).filter(verdict="wrong", prm_score__lte=0.9).order_by("-prm_score", "solution")
    disputes = votes.kept(project=project, scorer=SCORER).filter(gap__lte=0.9).values("gap", "problem")[:1000]
    lots = shortlist.in_lots(wish, range(16)).values("solution")
    for rows in (wrong.values("solution", "prm_score")[:1000], disputes, lots):
        print(f"\n```\n{rows.explain(analyze=True, buffers=True)}\n```")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000], help="sizes of the pool, rising")
    parser.add_argument("--each", type=int, default=16, help="solutions a problem")
    parser.add_argument("--budget", type=int, default=1000)
    parser.add_argument("--only", nargs="+", help="choices whose names begin so")
    options = parser.parse_args()
    if connection.vendor != "postgresql":
        parser.error("this needs PostgreSQL: run it by script/bench selection")
    call_command("migrate", verbosity=0)
    project = projects.create_project(slug="bench")
    for rows in options.rows:
        begun = time.monotonic()
        fill(project, rows, options.each)
        print(
            f"\n{rows:,} solutions, {options.each} a problem, made in {time.monotonic() - begun:.0f} s; budget {options.budget:,}\n"
        )
        print(
            "| choice | seconds | CPU-seconds here | peak MiB | chosen |\n| --- | --- | --- | --- | --- |", flush=True
        )
        for name, given in CHOICES.items():
            if options.only and not name.startswith(tuple(options.only)):
                continue
            config = RoundConfig(**{"budget": options.budget, "uniform_share": 0.0, **given})
            seconds, cpu, peak, count = measured(project, config)
            print(f"| {name} | {seconds:.2f} | {cpu:.2f} | {peak:.0f} | {count:,} |", flush=True)
    plans(project)


if __name__ == "__main__":
    main()

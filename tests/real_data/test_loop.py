"""The whole loop on real input: experts' labels through the HTTP API, a round on them, and what it chose from real model solutions."""

import json
import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from activelearning import rounds
from activelearning.models import Round, RoundState, Selected
from annotation import accounts, imports
from annotation.models import Annotation, Project, Role, Score, Snapshot, Solution, User, Verdict, WorkItem, WorkState

# What is checked holds for a model of any worth: by default a small one, trained shortly, will do.
SMALL = {"min_tokens": 0, "epochs": 1, "layers": 1, "hidden": 64, "feed_forward": 128}
CONFIG: dict[str, Any] = {
    "strategy": "convincing_wrong",
    "budget": 300,
    "per_problem": 2,
    "uniform_share": 0.2,
    "seed": 7,
    "training": {} if os.environ.get("LABELAPP_TEST_ALL") else SMALL,
}


def expert_labels(file: Path) -> dict[tuple[str, tuple[str, ...]], int]:
    rows = json.loads(file.read_text())
    return {(row["problem"], tuple(row["steps"])): row["label"] for row in rows}


def as_the_expert_did(claim: dict[str, Any], first_error: int) -> dict[str, Any]:
    """ProcessBench says where the first wrong step is (-1: nowhere); all before it are right."""
    rated = len(claim["steps"]) if first_error < 0 else first_error + 1
    ratings = [-1 if step == first_error else 1 for step in range(rated)]
    steps = [
        {
            "completions": [{"text": claim["steps"][step], "rating": rating, "flagged": False}],
            "human_completion": None,
            "chosen_completion": None if rating == -1 else 0,
        }
        for step, rating in enumerate(ratings)
    ]
    return {"steps": steps, "total_time": 60_000, "finish_reason": "solution" if first_error < 0 else "found_error"}


def label_everything(server: str, token: str, experts: dict[tuple[str, tuple[str, ...]], int]) -> int:
    done = 0
    with httpx.Client(base_url=f"{server}/api/v1/", headers={"Authorization": f"Bearer {token}"}, timeout=30) as http:
        claims = http.post("projects/algebra/claims/", json={}).json()["claims"]
        while claims:
            first_error = experts[claims[0]["problem"]["text"], tuple(claims[0]["steps"])]
            body = {"client_key": str(uuid4()), "label": as_the_expert_did(claims[0], first_error)}
            answer = http.post(f"claims/{claims[0]['id']}/submission/", json=body)
            assert answer.status_code == 201, answer.text
            claims = answer.json()["claims"]  # the next items ride in the same answer
            done += 1
    return done


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.django_db(transaction=True)
def test_a_round_on_400_expert_labels_queues_the_convincing_wrong_answers_of_5276_real_solutions(
    shared_data: Path, project: Project, member: Callable[..., User], live_server: Any
) -> None:
    expert_file = shared_data / "processbench" / "gsm8k.json"
    _, token = accounts.issue_token(user=member(Role.LABELLER), name="client", scopes=["label"])
    imports.import_files(project=project, paths=[expert_file], kind="queue")
    assert label_everything(live_server.url, token, expert_labels(expert_file)) == 400
    imports.import_files(project=project, paths=[shared_data / "gsm8k" / "example_model_solutions.jsonl"], kind="pool")

    started = rounds.start_round(project=project, config=CONFIG)
    while rounds.next_due(round_pk=started.pk) is not None:
        rounds.advance(round_pk=started.pk)

    ended = Round.objects.get(pk=started.pk)
    assert ended.state == RoundState.DONE, ended.error
    snapshot = Snapshot.objects.get()
    assert (snapshot.rows, Annotation.objects.live().count()) == (400, 400)
    # Labelled ones of held-out problems are scored as well, to measure best-of-N.
    of_the_pool = Score.objects.filter(solution__annotations__isnull=True)
    scores = dict(of_the_pool.values_list("solution_id", "prm_score"))
    assert len(scores) == 5276
    check_choices(ended, scores)


def check_choices(ended: Round, scores: dict[int, float]) -> None:
    chosen = list(Selected.objects.filter(round=ended).select_related("solution").order_by("rank"))
    wrong_share = [row for row in chosen if row.strategy == "convincing_wrong"]
    uniform_share = [row for row in chosen if row.strategy == "uniform"]
    assert (len(chosen), len(wrong_share), len(uniform_share)) == (300, 240, 60)
    taken = {row.solution_id for row in chosen}
    unchosen_wrong: dict[int, list[float]] = defaultdict(list)
    for solution in Solution.objects.filter(verdict=Verdict.WRONG, pk__in=scores).exclude(pk__in=taken):
        unchosen_wrong[solution.problem_id].append(scores[solution.pk])
    for row in wrong_share:
        assert row.solution.verdict == Verdict.WRONG
        rivals = unchosen_wrong[row.solution.problem_id]
        assert row.score >= max(rivals, default=0.0), f"{row.solution_id} was chosen below an unchosen wrong one"
    items = WorkItem.objects.filter(batch=ended.batch, state=WorkState.OPEN)
    assert {item.solution_id for item in items} == taken
    assert all(item.verifier_score == scores[item.solution_id or 0] for item in items)

"""The first finding: a process reward model picks better among N samples than an outcome reward model or a majority, and more so with N.

A seed draws problems, solutions, labels and weights of its own. A PRM learns from the oracle's labels of some solutions; an ORM from many
more outcomes, which cost nothing, and another from just the PRM's solutions. The zero-label control is what the PRM begins from.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from activelearning.evaluation import best_of_n as rules
from activelearning.evaluation.best_of_n import Samples
from activelearning.simulation import learning
from activelearning.simulation.attempts import Attempt, Groups, draw, texts
from activelearning.simulation.base import beginning, control
from activelearning.simulation.intervals import by_rule, line
from activelearning.simulation.learning import Tell
from activelearning.simulation.settings import BestOfN

ALWAYS = ("prm", "orm", "orm_same", "zero_label", "pass_at_n")
VOTES = ("majority", "weighted_prm")
PAIRS = (("prm", "majority"), ("prm", "orm"), ("orm", "majority"), ("prm", "zero_label"), ("prm", "orm_same"))

Curves = dict[str, list[float]]


def ns_for(samples: int) -> list[int]:
    """Powers of two up to the samples that there are: equal steps on the axis that matters here."""
    return [2**power for power in range(samples.bit_length()) if 2**power <= samples]


def experiment(domain: str, settings: BestOfN, seeds: Sequence[int], tell: Tell) -> dict[str, Any]:
    """Every rule along N over the seeds: means, spreads, intervals, paired differences, and every seed's own values."""
    ns = ns_for(settings.samples)
    curves, seconds, facts = [], [], []
    for number, seed in enumerate(seeds, start=1):
        began = time.process_time()
        found, fact = one_seed(domain, settings, ns, seed, tell)
        curves.append(found)
        facts.append(fact)
        seconds.append(round(time.process_time() - began, 1))
        tell(f"seed {seed} ({number} of {len(seeds)}): {_last(found)}, {seconds[-1]:.0f} CPU-seconds")
    lines = {rule: line([found[rule] for found in curves]) for rule in curves[0]}
    absent = {rule: None for rule in VOTES if rule not in lines}
    return {"n": ns, **lines, **absent, "differences": by_rule(lines, PAIRS), "cpu_seconds": seconds, "facts": facts}


def one_seed(domain: str, settings: BestOfN, ns: Sequence[int], seed: int, tell: Tell) -> tuple[Curves, dict[str, Any]]:
    """Each rule's accuracy along `ns` on the test problems, and what the data was like."""
    test = draw(domain, "test", problems=settings.problems, samples=settings.samples, seed=seed)
    labelled = _labelled(domain, settings, test, seed)
    outcomes = draw(
        domain,
        "outcomes",
        problems=settings.outcome_problems,
        samples=settings.outcome_samples,
        seed=seed,
        apart_from=test,
    )
    many = [attempt for group in outcomes for attempt in group]
    scored: dict[str, list[learning.Floats]] = {}
    with beginning(domain, settings.documents, settings.base, texts=texts(many), seed=seed) as (origin, base):
        learners: dict[str, tuple[str, Sequence[Attempt], dict[str, Any]]] = {
            "prm": ("prm", labelled, settings.prm),
            "orm": ("orm", many, settings.orm),
            "orm_same": ("orm", labelled, settings.orm_same),
        }
        for done, (name, (kind, taught, training)) in enumerate(learners.items(), start=1):
            tell.part(done, len(learners) + 1)
            model = learning.trained(taught, training, kind=kind, origin=origin, seed=seed)
            scored[name] = learning.scores(model, test)
        scored["zero_label"] = control(base, settings.prm, test, origin=origin, seed=seed)
    problems = samples_of(test, scored)
    found: Curves = {name: list(rules.best_of_n(problems, scorer=name, ns=ns).curve().mean) for name in scored} | {
        "pass_at_n": list(rules.pass_at_n(problems, ns=ns).curve().mean)
    }
    if test[0][0].answer is not None:
        votes = {"majority": None, "weighted_prm": "prm", "weighted_orm": "orm"}
        for rule, scorer in votes.items():
            outcome = rules.votes_of_n(problems, ns=ns, trials=settings.trials, seed=seed, scorer=scorer)
            found[rule] = list(outcome.curve().mean)
    return found, _facts(test, labelled)


def samples_of(groups: Groups, scored: dict[str, list[learning.Floats]]) -> list[Samples]:
    """As the evaluation takes them; answers are equal when their text is. Without answers all solutions give one."""
    found = []
    for place, group in enumerate(groups):
        numbers: dict[str | None, int] = {}
        found.append(
            Samples(
                correct=np.array([attempt.right for attempt in group]),
                groups=np.array([numbers.setdefault(attempt.answer, len(numbers)) for attempt in group]),
                scores={name: values[place] for name, values in scored.items()},
            )
        )
    return found


def _labelled(domain: str, settings: BestOfN, test: Groups, seed: int) -> list[Attempt]:
    groups = draw(domain, "labelled", problems=settings.labels, samples=1, seed=seed, apart_from=test)
    return [attempt for group in groups for attempt in group]


def _facts(test: Groups, labelled: Sequence[Attempt]) -> dict[str, Any]:
    attempts = [attempt for group in test for attempt in group]
    right = [attempt for attempt in attempts if attempt.right]
    return {
        "answers_right": len(right) / len(attempts),
        "right_by_luck": sum(-1 in attempt.ratings for attempt in right) / max(len(right), 1),
        "labelled_with_an_error": sum(-1 in attempt.ratings for attempt in labelled) / len(labelled),
        "step_labels": sum(len(attempt.ratings) for attempt in labelled),
    }


def _last(found: Curves) -> str:
    return ", ".join(f"{rule} {found[rule][-1]:.2f}" for rule in _shown(found))


def _shown(found: Curves) -> Iterator[str]:
    return (rule for rule in ("prm", "orm", "majority", "zero_label", "pass_at_n") if rule in found)

"""What `diversity` tells a round's candidates apart by: the last hidden states of the round's model, by the scorer's child process."""

import json
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from activelearning import choice, pool, shards
from activelearning.attempt import Attempt
from activelearning.child import ProgressFile
from activelearning.choice import Embed
from activelearning.files import lines_of, replacing
from activelearning.models import RewardModel
from annotation.models import Solution


def by(attempt: Attempt, model: RewardModel) -> Embed:
    """By this model, in the round's folder; an attempt that died is gone on with. The files, wide as the model, are deleted after."""

    def embeddings_of(solutions: frozenset[int]) -> Mapping[int, npt.NDArray[np.float32]]:
        source = attempt.folder / "diversity.jsonl"
        output = source.with_suffix(".embedded.jsonl")
        with replacing(source) as file:
            for chunk in choice.chunks(solutions):
                pool.write_shard(Solution.objects.filter(pk__in=chunk).order_by("problem_id", "pk"), file)
        records = ProgressFile(shards.progress_of(source))

        def tick() -> None:
            new = records.new()
            if new:
                message = f"{model.name} reads {len(solutions):,} solutions, to tell them apart"
                attempt.report(done=new[-1]["done"], total=len(solutions), message=message)
            else:
                attempt.check()

        shards.run_scorer(model, source, output, log=attempt.log, tick=tick, embeddings=True)
        found = {}
        for line in map(json.loads, lines_of(output)):
            if line["embedding"] is not None:
                found[line["id"]] = np.array(line["embedding"], dtype=np.float32)
        for path in attempt.folder.glob("diversity.*"):
            path.unlink(missing_ok=True)
        return found

    return embeddings_of

"""A live supplier of next steps that needs no model: sums of the arithmetic domain, continued by their script.

    LABELAPP_STEP_SUPPLIER=activelearning.domains.next_steps.next_steps

Among what it offers one step goes on rightly from what was said so far; the others slip, take the wrong way, leap to an answer, or say
nothing new. The same (problem, steps, seed) brings the same steps. Of any other problem it knows nothing and brings nothing.
"""

from collections.abc import Sequence

import numpy as np

from activelearning.domains import arithmetic


def next_steps(*, problem: str, steps: Sequence[str], count: int, seed: int) -> list[str]:
    """At most `count` different steps that may follow, in random order; none for a problem of another kind, or once it is answered."""
    subject = arithmetic.PERSON_AND_THING.match(problem)
    phrases = arithmetic.PHRASE.findall(problem)
    if subject is None or not phrases or any("# Answer" in step for step in steps):
        return []
    values = arithmetic.right_values(problem)
    told = [int(line.group(4)) for step in steps if (line := arithmetic.LINE.search(step))]
    said, done = told[-1] if told else values[0], len(told)
    person, thing = subject.groups()
    rng = np.random.default_rng([seed, 3, *"\0".join([problem, *steps]).encode()])
    if done < len(phrases):
        change = values[done + 1] - values[done]
        right, *wrong = (_line(f"{person} {phrases[done]}", said, change, slip) for slip in (0, 1, -1))
        wrong += [_line(f"{person} {phrases[done]}", said, -change, 0), _end(person, thing, said + change)]
    else:
        right, *wrong = (_end(person, thing, said + slip) for slip in (0, 1, -1))
    # Only what says nothing new must not be said again: two changes of a sum may well read the same.
    nothing_new = [filler for filler in arithmetic.FILLERS if filler not in steps]
    drawn = [right, *rng.permutation(wrong)[: max(0, count - 2)], *rng.permutation(nothing_new)[:1]]
    offered = [str(step) for step in drawn][:count]
    return [offered[place] for place in rng.permutation(len(offered))]


def _line(beginning: str, before: int, change: int, slip: int) -> str:
    sign = "+" if change > 0 else "-"
    return f"{beginning}: ${before} {sign} {abs(change)} = {before + change + slip}$."


def _end(person: str, thing: str, said: int) -> str:
    return f"So {person} has ${said}$ {thing}.\n\n# Answer\n\n{said}"

"""Building a solution step by step: a labeller answers a turn, the conversation goes on from what was chosen, and so to the final answer.

A call names itself by the client's own key: the same key again changes nothing and is answered with the conversation as it stands, the same
key with other content is refused. Calls of one labeller wait for each other. Submitting is `labelling.submit`, as for a whole solution.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext, gettext_noop

from annotation import queue, step_rules, step_supply, turns
from annotation.errors import Conflict
from annotation.fingerprints import text_sha256
from annotation.models import Handout, StepSupply, Turn, TurnAnswer, TurnState
from annotation.near_identical import states_answer
from annotation.step_rules import Answered, Offered

MOST_TURNS = 200
PREPARED_A_TURN = 3  # guesses: each may cost a supplier real money
KEY_REUSED = gettext_noop("This key was used before, for another answer. What was stored under it has not changed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnGiven:
    """What a client sends for a turn: one `{rating, flagged}` an alternative, and the step itself where it writes one."""

    client_key: UUID
    turn: int
    ratings: Any
    written: Any = None

    def sha256(self, claim: Handout) -> str:
        content = [claim.pk, self.turn, self.ratings, self.written]
        return text_sha256(json.dumps(content, sort_keys=True, ensure_ascii=True))


def shown(claims: Sequence[Handout]) -> None:
    """Fetch the turns of these claims at once: `claim.turns.all()` is then in order and asks nothing more."""
    building = [claim for claim in claims if claim.work_item.solution_id is None]
    if building:
        prefetch_related_objects(building, Prefetch("turns", Turn.objects.in_order()))


def answer(*, claim: Handout, given: TurnGiven) -> None:
    """Store what the labeller made of a turn and open the next one, or keep those behind it where a correction leaves them valid.

    Raises `InvalidInput` for ratings that the rules refuse, and `Conflict` with code `wrong_protocol`, `key_reused`, `no_such_turn`,
    `still_making`, `too_long`, `already_labelled` or `batch_closed`.
    """
    try:
        with transaction.atomic():
            _answer(claim, given)
    except IntegrityError as error:
        if TurnAnswer.objects.filter(client_key=given.client_key).exists():
            raise Conflict("key_reused", gettext(KEY_REUSED)) from error
        raise


def _answer(claim: Handout, given: TurnGiven) -> None:
    item, _ = queue.lock(work_item_id=claim.work_item_id, labeller=claim.labeller)
    require_step_by_step(claim)
    if _is_repeat(claim, given):
        return
    queue.refuse_second_label(item=item, labeller=claim.labeller)
    queue.require_open_batch(item)
    conversation = settled(claim)
    turn = _turn(conversation, given.turn)
    offered = offered_at(turn)
    answered = step_rules.answer(turn=offered, ratings=given.ratings, written=given.written)
    step = answered.text(offered)
    goes_on = not states_answer(step)
    if goes_on and given.turn + 1 >= MOST_TURNS:
        raise Conflict(
            "too_long",
            gettext("A solution has %(most)d steps at most. Write the final answer, or give up.")
            % {"most": MOST_TURNS},
        )
    TurnAnswer.objects.create(
        handout=claim, number=given.turn, client_key=given.client_key, request_sha256=given.sha256(claim)
    )
    kept = offered.went_on_with(answered)
    _store(turn, answered)
    if not kept:
        if len(conversation) > given.turn + 1:
            claim.turns.filter(number__gt=given.turn).delete()
        if goes_on:
            steps = [earlier.answer_text() for earlier in conversation[: given.turn]]
            turns.next_turn(handout=claim, number=given.turn + 1, steps=[*steps, step])
    queue.renew(labeller=claim.labeller)


def require_step_by_step(claim: Handout) -> None:
    if claim.work_item.solution_id is not None:
        raise Conflict(
            "wrong_protocol", gettext("This item is a whole solution to grade; nothing is built step by step here.")
        )


def _is_repeat(claim: Handout, given: TurnGiven) -> bool:
    earlier = TurnAnswer.objects.filter(client_key=given.client_key).first()
    if earlier is None:
        return False
    if (earlier.handout_id, earlier.request_sha256) != (claim.pk, given.sha256(claim)):
        raise Conflict("key_reused", gettext(KEY_REUSED))
    return True


def settled(claim: Handout) -> list[Turn]:
    """The conversation so far. A turn whose steps are overdue opens without them, for good."""
    found = list(claim.turns.in_order())
    if found and found[-1].overdue:  # type: ignore[attr-defined]  # the query's annotation
        step_supply.give_up_overdue(StepSupply.objects.filter(handout=claim))
        found = list(claim.turns.in_order())
    return found


def _turn(conversation: list[Turn], number: int) -> Turn:
    if number >= len(conversation):
        raise Conflict("no_such_turn", f"This conversation has {len(conversation)} turns so far.")
    if conversation[number].state == TurnState.MAKING:
        raise Conflict("still_making", gettext("The alternatives of this turn are still being made."))
    return conversation[number]


def offered_at(turn: Turn) -> Offered:
    """The turn as the rules see it."""
    return Offered(
        alternatives=turn.alternatives,
        order=turn.order,
        answered=turn.state == TurnState.ANSWERED,
        chosen=turn.chosen,
        written=turn.written and turn.written["text"],
    )


def _store(turn: Turn, answered: Answered) -> None:
    found = asdict(answered)
    turn.state, turn.ratings = TurnState.ANSWERED, found["marks"]
    turn.chosen, turn.written = found["chosen"], found["written"]
    turn.save(update_fields=["state", "ratings", "chosen", "written"])


def prepare(*, claim: Handout, turn: int, chosen: int) -> None:
    """Have the supplier make what follows this guess, so that nobody waits for it if it comes true. A wrong guess does nothing.

    Raises `Conflict("wrong_protocol")`.
    """
    require_step_by_step(claim)
    with transaction.atomic():
        item, _ = queue.lock(work_item_id=claim.work_item_id, labeller=claim.labeller)
        conversation = list(claim.turns.in_order())
        if turn != len(conversation) - 1 or item.claimed_by_id != claim.labeller_id:
            return
        last = conversation[turn]
        if last.state != TurnState.OPEN or chosen >= len(last.alternatives) or states_answer(last.alternatives[chosen]):
            return
        steps = [*(earlier.answer_text() for earlier in conversation[:turn]), last.alternatives[chosen]]
        guessed = sum(len(supply) == len(steps) for supply in claim.supplies.values_list("steps", flat=True))
        if guessed < PREPARED_A_TURN and not turns.has_ready_made(handout=claim, steps=steps):
            step_supply.ask(handout=claim, steps=steps)

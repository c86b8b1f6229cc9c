"""What the stages of a round stored in English, said again in the reader's language; see `annotation/retelling.py`."""

from django.utils.translation import gettext_noop

from annotation import retelling

PROGRESS = (
    gettext_noop("%(done)s of %(total)s answers graded"),
    gettext_noop("Freezing the labels"),
    gettext_noop("Holding problems out"),
    gettext_noop("Measuring on the held-out problems"),
    gettext_noop("Sampling %(total)s problems by %(generator)s"),
    gettext_noop("Scoring %(total)s solutions of the pool"),
    gettext_noop("Training on as many labels drawn by chance"),
    gettext_noop("about %(time)s left"),
    gettext_noop("loss %(loss)s"),
    gettext_noop("step %(step)s of %(steps)s"),
)
SUMMARIES = (
    gettext_noop("%(count)s against the grader"),
    gettext_noop("%(count)s against the vote"),
    gettext_noop("%(count)s by chance"),
    gettext_noop("%(count)s by subject and level"),
    gettext_noop("%(count)s by the 80/20 mix"),
    gettext_noop("%(count)s by the ensemble's doubt"),
    gettext_noop("%(count)s chosen: %(parts)s."),
    gettext_noop("%(count)s convincing wrong"),
    gettext_noop("%(count)s known ones for quality control"),
    gettext_noop("%(count)s to be labelled again"),
    gettext_noop("%(count)s uncertain"),
    gettext_noop("%(count)s unlike each other"),
    gettext_noop("%(count)s solutions of %(problems)s problems are in the pool."),
    gettext_noop("%(sampled)s Dropped: %(parts)s."),
    gettext_noop(
        "%(samples)s samples of %(problems)s problems by %(generator)s: "
        "%(kept)s new in the pool, %(merged)s like others, %(dropped)s dropped."
    ),
    gettext_noop("%(graded)s answers graded now; in the pool %(right)s are right and %(wrong)s wrong."),
    gettext_noop("%(items)s items queued as “%(batch)s”, generation %(generation)s."),
    gettext_noop("%(model)s: %(steps)s steps, %(speed)s tokens a second."),
    gettext_noop("%(model)s: %(steps)s steps."),
    gettext_noop(
        "%(rows)s labels frozen: %(train)s to learn from; %(held_out)s, of %(measured)s of %(problems)s problems, "
        "held out to measure on."
    ),
    gettext_noop("%(total)s solutions scored by %(model)s."),
    gettext_noop("No labels were held out, so nothing was measured."),
    gettext_noop(
        "On %(count)s held-out solutions: step AUC %(auc)s, first error named exactly in %(first_error_accuracy)s."
    ),
    gettext_noop(
        "On %(count)s solutions of the evaluation set: step AUC %(auc)s, "
        "first error named exactly in %(first_error_accuracy)s."
    ),
    gettext_noop("cannot be said (only one kind of step)"),
)
# Why a solution was chosen (`strategies`, which knows no Django).
REASONS = (
    gettext_noop("by chance among %(stratum)s"),
    gettext_noop("character trigrams"),
    gettext_noop("chosen by chance"),
    gettext_noop("embeddings"),
    gettext_noop("high score of what remains, %(score)s"),
    gettext_noop("highest score of its problem, %(score)s, against the vote"),
    gettext_noop("its answer has %(count)s votes, yet score %(score)s"),
    gettext_noop("known: it came with gold labels"),
    gettext_noop("known: its labellers agree"),
    gettext_noop("labellers part on its first wrong step, %(share)s of pairs"),
    gettext_noop("right answer, yet score %(score)s"),
    gettext_noop("the ensemble is of many minds, doubt %(doubt)s"),
    gettext_noop("the ensemble is sure, doubt %(doubt)s"),
    gettext_noop("the first, by chance"),
    gettext_noop("those without subject and level"),
    gettext_noop("unlike what was chosen before it, %(distance)s by %(features)s"),
    gettext_noop("unsure, score %(score)s"),
    gettext_noop("wrong answer, score %(score)s"),
    gettext_noop("wrong answer, yet score %(score)s"),
)
# Why samples were dropped (`generators`, which knows no Django).
DROPPED = (
    gettext_noop("%(count)s cut off before an answer"),
    gettext_noop("%(count)s empty"),
    gettext_noop("%(count)s not sampled"),
    gettext_noop("%(count)s of problems that the generator refused"),
    gettext_noop("%(count)s of problems that are too long for the model"),
    gettext_noop("%(count)s of problems that the script does not know"),
    gettext_noop("%(count)s too long"),
    gettext_noop("%(count)s with unreadable characters"),
    gettext_noop("%(count)s without a proper reply"),
    gettext_noop("%(count)s without an answer"),
    gettext_noop("%(count)s without steps in the format"),
)
# What is wrong with a sampling setting.
SETTINGS = (
    gettext_noop("has over %(most)s characters or a NUL"),
    gettext_noop("is not a known setting"),
    gettext_noop("must be a list of at most %(most)s texts"),
    gettext_noop("must be a number from %(low)s to %(high)s"),
    gettext_noop("must be a text with %(place)s in it"),
    gettext_noop("must be a whole number from %(low)s to %(high)s"),
)
FAILURES = (
    gettext_noop("The generator %(name)s is not to be had any more. Start another round."),
    gettext_noop("The generator's server %(name)s answers %(status)s: its address, key or model is not right."),
    gettext_noop("The generator's server %(name)s gives no proper reply."),
    gettext_noop("No sample was a solution (%(parts)s). Change the sampling and start another round."),
    gettext_noop("The generator left problems out; see its log."),
    gettext_noop("%(model)s cannot be opened: %(fault)s"),
    gettext_noop("Every chosen solution has been queued otherwise meanwhile."),
    gettext_noop("Every labelled step is right: there is no difference to learn. Label more first."),
    gettext_noop("Every labelled step is wrong: there is no difference to learn. Label more first."),
    gettext_noop("No solution of the pool fits the strategy. Choose another, or import more."),
    gettext_noop("The model's probabilities are not finite; its weights are broken."),
    gettext_noop("The solution is longer than the model's %(most)s tokens."),
    gettext_noop("What %(model)s says is no number; its weights are broken."),
    gettext_noop("The files of %(model)s are not those that were trained; train again."),
    gettext_noop("The pool is empty. Import solutions into it, then retry from this stage."),
    gettext_noop("The scorer left solutions without a score; see its log."),
    gettext_noop(
        "There are %(count)s labelled solutions to learn from; a model needs %(least)s at least. "
        "Quality control, screening, given-up and bad problems do not count."
    ),
    gettext_noop(
        "There are no finished labels in this project yet, so there is nothing to freeze.",
    ),
)
SENTENCES = (*PROGRESS, *SUMMARIES, *REASONS, *DROPPED, *SETTINGS, *FAILURES, *retelling.SENTENCES)


def retold(text: str) -> str:
    """`text` in the reader's language."""
    return retelling.retold(text, SENTENCES)

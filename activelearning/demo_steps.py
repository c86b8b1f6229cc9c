"""The demo's second project, where solutions are built step by step: problems with hand-written trees first, then sums without any.

For the sums a live supplier is wanted: `LABELAPP_STEP_SUPPLIER=activelearning.domains.next_steps.next_steps` names the scripted one.
Without it the labeller writes each of their steps.
"""

import json
import tempfile
from pathlib import Path

from activelearning.domains import arithmetic
from activelearning.domains.handwritten.trees import TREES
from annotation import projects, queue
from annotation.imports import import_files
from annotation.models import Problem, Project, Protocol

SLUG = "demo-steps"
NAME = "Demo: step by step"
SUPPLIER = "activelearning.domains.next_steps.next_steps"
SUPPLIED = 4  # sums without a tree
PRIORITY = -1.0  # they come after the trees
_SEED = 7001  # sums of their own, apart from those of the first project
INSTRUCTIONS = r"""
# What to do
Build a solution together with the machine. It offers several next steps; rate every one of them. The solution goes on with one that you \
called Great, or with an Okay one where none is Great.

# How to rate
- Great: right, clear, and a good next move. After $x + y = 20$ and $x - y = 6$: "Adding them gives $2x = 26$."
- Okay: right, but nothing new. "We have two equations in two unknowns."
- Bad: wrong, or not justified. "The larger number must be $20 - 6 = 14$."
- Unsure: you cannot tell, even after a good look. Use it rarely.

# When all of them are Bad
Write the next step yourself: one idea, one step, not the whole way.

# How it ends
With a step that states the final answer. If you are stuck for two or three minutes, give up and say why.
""".strip().replace("\\\n", "")


def make_project() -> Project:
    """The project with its data, new or left by an attempt that was broken off; the trees are queued by their import."""
    left = Project.objects.filter(slug=SLUG).first()
    project = left or projects.create_project(
        slug=SLUG, name=NAME, protocol=Protocol.STEP_BY_STEP, instructions=INSTRUCTIONS
    )
    sums = [{"problem": found.text, "answer": found.answer} for found in arithmetic.problems(SUPPLIED, _SEED)]
    with tempfile.TemporaryDirectory(prefix="demo-steps-") as folder:
        files = []
        for name, lines in (("step-trees.jsonl", [tree.line() for tree in TREES]), ("sums.jsonl", sums)):
            path = Path(folder) / name
            path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
            files.append(path)
        import_files(project=project, paths=files)
    return project


def queue_sums(project: Project) -> int:
    """Queue the problems without a tree behind the others; returns how many wait for a labeller in all."""
    sums = Problem.objects.never_queued(project).order_by("pk").values_list("pk", flat=True)
    queue.enqueue_problems(project=project, problems=list(sums), name="Sums, made live", priority=PRIORITY)
    return project.work_items.count()

"""`step-tree`: scripted next steps for step-by-step labelling. A node is `{text, next: [nodes]}`; no other keys."""

from collections.abc import Mapping
from typing import Any

from annotation.formats import fields
from annotation.formats.fields import Unreadable
from annotation.formats.rows import MOST_COMPLETIONS, MOST_TREE_NODES, ProblemRow, TreeRow


def read(record: Mapping[str, Any]) -> TreeRow:
    """Depth needs no check of its own: strict JSON holds 100 levels, which are 49 steps."""
    fields.known_keys(record, ("problem", "answer", "tree"))
    tree = fields.a_list(fields.required(record, "tree"), "tree", longest=MOST_COMPLETIONS)
    if not tree:
        raise Unreadable("tree", "has no steps")
    _check(tree)
    problem = ProblemRow(
        text=fields.text(fields.required(record, "problem"), "problem", empty=False),
        answer=fields.text_or_none(fields.required(record, "answer"), "answer"),
    )
    return TreeRow(problem=problem, tree=tree)


def _check(tree: list[Any]) -> None:
    waiting = [(f"tree[{index}]", node) for index, node in enumerate(tree)]
    seen = 0
    while waiting:
        path, node = waiting.pop()
        seen += 1
        if seen > MOST_TREE_NODES:
            raise Unreadable("tree", f"has more than {MOST_TREE_NODES} steps")
        fields.an_object(node, path)
        fields.known_keys(node, ("text", "next"), path + ".")
        fields.text(fields.required(node, "text", path + "."), f"{path}.text", empty=False)
        following = fields.a_list(fields.required(node, "next", path + "."), f"{path}.next", longest=MOST_COMPLETIONS)
        waiting.extend((f"{path}.next[{index}]", child) for index, child in enumerate(following))

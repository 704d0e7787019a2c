"""Documents that a person named, as they are recorded: one file each in a tree of the source store.

So every worker reads the same text, however often the page at a URL has changed since.
Pure: no I/O, no clock, no chance.
"""

import json
from collections.abc import Iterable

from swarm_workers.problems.research.corpus.document import Document
from swarm_workers.protocols import Tree, TreeFile


def tree_of(documents: Iterable[Document]) -> dict[str, TreeFile]:
    """Return documents as files of a tree, in the order of their ids."""
    ordered = sorted(documents, key=lambda document: document.id)
    return {
        f"{number:06d}.json": TreeFile(
            json.dumps({"id": each.id, "title": each.title, "text": each.text}).encode()
        )
        for number, each in enumerate(ordered)
    }


def documents_in(tree: Tree) -> list[Document]:
    """Return the documents that `tree_of` made files of."""
    return [Document(**json.loads(tree[path].data)) for path in sorted(tree)]

"""Which new file is an old one under another name: it keeps its nodes, and their history.

Pure: no I/O, no clock, no chance.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from swarm_workers.protocols import TreeFile
from tasks_schema.ids import NodeId

SIMILARITY_MIN = 0.6
"""Of a renamed file so much of its lines must have stayed."""
PAIRS_MAX = 400
"""Beyond so many pairs of files only equal ones count as renamed."""
_LINES_MIN = 4
"""Files with fewer lines are alike by chance."""
_SIZE_MAX = 2**20


def find_renames(gone: Mapping[NodeId, TreeFile], new: Mapping[str, TreeFile]) -> dict[str, NodeId]:
    """Return the new paths that continue a file that goes; equal ones first, then the most alike.

    Args:
        gone: what the files held whose paths go.
        new: files at paths where there was none.
    """
    renames: dict[str, NodeId] = {}
    waiting: dict[TreeFile, list[NodeId]] = {}
    for node_id, file in gone.items():
        waiting.setdefault(file, []).append(node_id)
    for path, file in new.items():
        if waiting.get(file):
            renames[path] = waiting[file].pop(0)
    for path, node_id in _alike(gone, new, renames):
        if path not in renames and node_id not in renames.values():
            renames[path] = node_id
    return renames


def _alike(
    gone: Mapping[NodeId, TreeFile], new: Mapping[str, TreeFile], known: Mapping[str, NodeId]
) -> Iterator[tuple[str, NodeId]]:
    """Yield what may be renames of files that were edited too, the most alike first."""
    taken = set(known.values())
    old_lines = {node_id: _lines(gone[node_id]) for node_id in gone.keys() - taken}
    new_lines = {path: _lines(new[path]) for path in new.keys() - known.keys()}
    if len(old_lines) * len(new_lines) > PAIRS_MAX:
        return
    pairs = [
        (-_similarity(before, after), path, node_id)
        for path, after in new_lines.items()
        for node_id, before in old_lines.items()
    ]
    for negative, path, node_id in sorted(pairs):
        if -negative >= SIMILARITY_MIN:
            yield path, node_id


def _lines(file: TreeFile) -> Counter[bytes]:
    """Return the lines that say something; none for links, and for what is no text."""
    if file.link_target is not None or len(file.data) > _SIZE_MAX or b"\0" in file.data:
        return Counter()
    return Counter(line.strip() for line in file.data.splitlines() if line.strip())


def _similarity(left: Counter[bytes], right: Counter[bytes]) -> float:
    """Return the share of lines that two files have in common (Dice), from 0 to 1."""
    if min(left.total(), right.total()) < _LINES_MIN:
        return 0.0
    return 2 * (left & right).total() / (left.total() + right.total())

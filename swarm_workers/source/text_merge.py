"""Three-way merge of texts by lines.

Pure: no I/O, no clock, no chance.

Source: Khanna, Kunal, Pierce, "A Formal Investigation of Diff3", 2007.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from swarm_workers.source.lines import split_lines


def merge_texts(base: str, ours: str, theirs: str) -> str | None:
    """Return the text with the changes of both sides, or None if they touch.

    Changes touch if no line of the base that both sides kept lies between them, unless both sides
    made the same change.
    """
    if ours in (base, theirs):
        return theirs
    if theirs == base:
        return ours
    lines = [split_lines(text) for text in (base, ours, theirs)]
    merged: list[str] = []
    at = (0, 0, 0)
    for base_at, ours_at, theirs_at, size in _kept_by_both(*lines):
        gap = _merge_gap(
            *(
                line[i:j]
                for line, i, j in zip(lines, at, (base_at, ours_at, theirs_at), strict=True)
            )
        )
        if gap is None:
            return None
        merged += gap
        merged += lines[0][base_at : base_at + size]
        at = (base_at + size, ours_at + size, theirs_at + size)
    return "".join(merged)


def _merge_gap(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> Sequence[str] | None:
    if ours in (base, theirs):
        return theirs
    return ours if theirs == base else None


def _kept_by_both(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> Iterator[tuple[int, int, int, int]]:
    """Yield runs of lines that both sides kept: three indices and a length; an empty one last."""
    left, right = _kept(base, ours), _kept(base, theirs)
    i = j = 0
    while i < len(left) and j < len(right):
        start = max(left[i][0], right[j][0])
        left_end, right_end = left[i][0] + left[i][2], right[j][0] + right[j][2]
        end = min(left_end, right_end)
        if start < end:
            ours_at = left[i][1] + start - left[i][0]
            yield start, ours_at, right[j][1] + start - right[j][0], end - start
        if left_end < right_end:
            i += 1
        else:
            j += 1
    yield len(base), len(ours), len(theirs), 0


def _kept(base: Sequence[str], side: Sequence[str]) -> list[tuple[int, int, int]]:
    matcher = SequenceMatcher(None, base, side, autojunk=False)
    return [(block.a, block.b, block.size) for block in matcher.get_matching_blocks() if block.size]

"""What a program claims to have found, held against the function itself.

Pure: no I/O, no clock, no chance.
"""

import math
from dataclasses import dataclass

from pydantic import JsonValue

from swarm_workers.agents.optimization.view import Elite
from swarm_workers.problems.optimization.state import Improvement
from swarm_workers.problems.optimization.surface import Surface

RELATIVE_ERROR_MAX = 1e-9
"""By so much a claimed value may differ from ours: it may have been added up in another order."""
CLAIMS_MAX = 64


@dataclass(frozen=True, slots=True)
class Judged:
    """The claims of one program, recomputed."""

    improvements: tuple[Improvement, ...]
    """Points whose claimed value is true, each better than the elite that it was made from."""
    refused: str = ""
    """What was wrong with the answer; empty if nothing was."""

    @property
    def best(self) -> Elite | None:
        """The best point among them; None if there is none."""
        return max((each.elite for each in self.improvements), key=_score, default=None)


def judge(answer: JsonValue, elites: tuple[Elite, ...], surface: Surface) -> Judged:
    """Recompute every claimed value; one lie refuses the whole answer.

    Args:
        answer: what the program left: a list of index of a known elite or -1, point, value.
        elites: those that the program was given.
        surface: computes the true values.
    """
    if not isinstance(answer, list) or not answer or len(answer) > CLAIMS_MAX:
        return Judged((), "it left no list of claims in 'answer'" if answer else "it found nothing")
    found = []
    for claim in answer:
        read = _read(claim, len(surface.shift))
        if read is None:
            return Judged((), f"a claim is no [index, point, value]: {str(claim)[:80]}")
        index, elite = read
        true_score = surface.function(elite.point)
        if not math.isclose(true_score, elite.score, rel_tol=RELATIVE_ERROR_MAX, abs_tol=1e-12):
            return Judged((), f"it claims {elite.score!r} where the function is {true_score!r}")
        parent = elites[index] if 0 <= index < len(elites) else None
        if parent is None or true_score > parent.score:
            found.append(Improvement(parent, Elite(elite.point, true_score)))
    return Judged(tuple(found))


def _read(claim: JsonValue, dimensions: int) -> tuple[int, Elite] | None:
    """Return index, point and value of one claim; None if it is none."""
    match claim:
        case [int(index), list(point), float(score) | int(score)] if len(point) == dimensions:
            coordinates = tuple(float(at) for at in point if isinstance(at, int | float))
            is_point = len(coordinates) == dimensions
            return (index, Elite(coordinates, float(score))) if is_point else None
    return None


def _score(elite: Elite) -> float:
    return elite.score

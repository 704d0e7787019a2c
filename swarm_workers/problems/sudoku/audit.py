"""Who wrote what does not follow: every move is concluded again from what its author had seen.

A move carries its strategy and its version vector, so the very state that it was concluded from can
be put together again, and the strategy asked again. The first move that does not follow is a lie;
whoever built on it in good faith is not to blame, but what was built has to go with it.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from swarm_workers.agents.sudoku.grid import Grid, named_facts, placed
from swarm_workers.agents.sudoku.strategies.catalogue import RULES, closure, conclusions
from swarm_workers.problems.sudoku.records import Move, Trail
from swarm_workers.problems.sudoku.standing import Layers


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found."""

    lies: tuple[Move, ...]
    """Moves that do not follow from what their authors had seen."""
    kept: tuple[Move, ...]
    """Moves of the first layer that no lie has touched."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the moves of a layer rest on, their own layer included."""

    start: Grid
    moves: tuple[Move, ...]

    def before(self, move: Move) -> Grid:
        """Return the state that a move was concluded from."""
        facts = (other.known for other in self.moves if move.has_seen(other))
        return Grid.joined((self.start.known, *facts))

    def on(self, cell: int, digit: int, moves: Iterable[Move]) -> "_Ground":
        """Return the ground of a layer that rests on a guess made here."""
        return _Ground(self.start.with_facts(placed(cell, digit)), (*self.moves, *moves))


def audit(clues: str, trail: Trail, layers: Layers) -> Audit:
    """Return the lies among all moves, and what can be kept.

    Args:
        clues: the puzzle.
        trail: the layers of the present state.
        layers: the moves of all layers, those of refuted guesses included.
    """
    root = trail.root
    ground = _Ground(Grid.of_clues(clues), tuple(layers[root]))
    bad: dict[Move, tuple[Move, ...]] = {}
    for move in layers[root]:
        lies = tuple(_lies_of(move, ground, layers))
        if lies:
            bad[move] = lies
    found = [lie for lies in bad.values() for lie in lies]
    for fork in trail.forks:
        ground = ground.on(fork.cell, fork.digit, layers[fork.layer])
        found += [lie for move in layers[fork.layer] for lie in _lies_of(move, ground, layers)]
    kept = (m for m in layers[root] if m not in bad and not any(m.has_seen(other) for other in bad))
    in_order = sorted(set(found), key=lambda lie: (lie.generation, lie.by, lie.turn))
    return Audit(tuple(in_order), tuple(kept))


def _lies_of(move: Move, ground: _Ground, layers: Layers) -> Iterator[Move]:
    """Yield what is wrong with a move: itself, or moves of the layer that it says is refuted."""
    if not move.refuted:
        if not _follows(move, ground.before(move)):
            yield move
        return
    ((cell, digit),) = tuple(named_facts(move.known))
    inner = ground.on(cell, digit, layers[move.refuted])
    for each in layers[move.refuted]:
        yield from _lies_of(each, inner, layers)
    facts = (each.known for each in layers[move.refuted])
    after = ground.before(move).with_facts(placed(cell, digit))
    if not Grid.joined((after.known, *facts)).is_contradictory:
        yield move


def _follows(move: Move, before: Grid) -> bool:
    """Say whether the strategy concludes this from that; or, failing this, all rules together."""
    news = move.known & ~before.known
    if not news:
        return True
    if move.strategy in RULES and not news & ~conclusions(move.strategy, before):
        return True
    # An attempt that ran twice has two moves of one turn, and a vector cannot tell them apart.
    return not news & ~closure(before).known

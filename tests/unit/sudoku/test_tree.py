"""The open branches are the same in whatever order moves and splits were made."""

import random

from swarm_workers.agents.sudoku.grid import Grid, placed, ruled_out
from swarm_workers.agents.sudoku.view import Path, Split
from swarm_workers.problems.sudoku.records import Move
from swarm_workers.problems.sudoku.tree import Tree

EMPTY = Grid(0)
PAIR = ruled_out(0, 0b1_1111_1100)
"""The first cell is 1 or 2."""


def move(facts: int, path: Path = (), by: int = 0, turn: int = 0) -> Move:
    return Move(by, turn, path, "row", f"{facts:x}")


def test_without_a_split_there_is_one_branch():
    tree = Tree.folded(EMPTY, [move(PAIR)], [])
    assert [leaf.path for leaf in tree.leaves] == [()]
    assert tree.root.grid == Grid(PAIR)


def test_a_split_makes_a_branch_of_each_digit():
    tree = Tree.folded(EMPTY, [move(PAIR)], [Split((), 0)])
    assert [leaf.path for leaf in tree.leaves] == [((0, 1),), ((0, 2),)]
    assert tree.leaves[0].grid == Grid(placed(0, 1))


def test_what_follows_from_a_branch_is_kept_from_one_look_to_the_next():
    splits = [Split((), 0)]
    before = Tree.folded(EMPTY, [move(PAIR)], splits)
    after = Tree.folded(EMPTY, [move(PAIR), move(placed(80, 7), ((0, 2),))], splits)
    assert after.leaves[0].grid is before.leaves[0].grid
    assert after.leaves[1].grid != before.leaves[1].grid


def test_a_refuted_guess_makes_what_the_other_found_certain():
    found = placed(80, 7)
    moves = [move(PAIR), move(found, ((0, 2),)), move(ruled_out(0, 1))]
    tree = Tree.folded(EMPTY, moves, [Split((), 0)])
    assert tree.root.grid == Grid(placed(0, 2) | found)
    assert tree.root.paths == ((), ((0, 2),))
    assert [leaf.path for leaf in tree.leaves] == [((0, 2),)]


def test_of_two_splits_that_were_made_at_once_all_take_the_same():
    splits = [Split((), 5), Split((), 0)]
    for each in (splits, splits[::-1]):
        tree = Tree.folded(EMPTY, [move(PAIR)], each)
        assert {leaf.path[0][0] for leaf in tree.leaves} == {0}


def test_a_branch_that_contradicts_itself_stays_until_it_is_refuted():
    dead = move(ruled_out(5, 0b1_1111_1111), ((0, 1),))
    tree = Tree.folded(EMPTY, [move(PAIR), dead], [Split((), 0)])
    assert [leaf.grid.is_contradictory for leaf in tree.leaves] == [True, False]


def test_the_order_in_which_things_were_told_does_not_matter():
    chance = random.Random(1)
    paths: list[Path] = [(), ((0, 1),), ((0, 2),), ((0, 1), (9, 4)), ((0, 1), (9, 5))]
    splits = [Split((), 0), Split(((0, 1),), 9)]
    moves = [
        move(
            ruled_out(chance.randrange(81), 1 << chance.randrange(9)), chance.choice(paths), turn=n
        )
        for n in range(40)
    ]
    told = [PAIR, ruled_out(9, 0b1_1110_0111)]
    every = [*moves, *(move(facts) for facts in told)]
    trees = []
    for _ in range(20):
        chance.shuffle(every)
        chance.shuffle(splits)
        trees.append(Tree.folded(EMPTY, every, splits))
    assert all(tree == trees[0] for tree in trees)

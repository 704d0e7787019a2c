"""Which region an optimizer takes next, and when it refines instead."""

import random

from swarm_workers.agents.optimization.policy import (
    Grid,
    close_max,
    have_converged,
    role_of,
    selected,
)
from swarm_workers.agents.optimization.view import Box, Elite, Role

BOX = Box((0.0, 0.0), (10.0, 10.0))


def roles(elites: list[Elite], *, has_free: bool = True) -> set[Role]:
    return {
        role_of(elites, 16, BOX, has_free=has_free, chance=random.Random(seed))
        for seed in range(200)
    }


def spread(count: int) -> list[Elite]:
    return [Elite((float(n), float(n)), -float(n)) for n in range(count)]


def test_every_region_has_a_name_and_a_place_of_its_own():
    grid = Grid(3, 5)
    assert grid.count == 125
    assert len({grid.name(index) for index in range(125)}) == 125
    assert grid.cell(0) == (0, 0, 0)
    assert grid.cell(124) == (4, 4, 4)


def test_a_region_that_is_taken_is_never_chosen_and_none_is_left_at_the_end():
    grid, taken, chance = Grid(2, 4), set(), random.Random(7)
    for _ in range(16):
        index = grid.free(taken, chance)
        assert grid.name(index) not in taken
        taken.add(grid.name(index))
    assert grid.free(taken, chance) is None


def test_the_same_chance_chooses_the_same_region():
    grid = Grid(3, 5)
    chosen = [grid.free({"0-0-0"}, random.Random(3)) for _ in range(2)]
    assert chosen[0] == chosen[1]


def test_it_explores_until_there_is_something_to_refine():
    assert roles(spread(3)) == {Role.EXPLORE}
    assert roles(spread(4)) == {Role.EXPLORE, Role.REFINE}


def test_it_refines_where_nothing_is_left_to_explore():
    assert roles(spread(16), has_free=False) == {Role.REFINE}


def test_it_explores_more_once_the_elites_have_drawn_together():
    close = [Elite((5.0 + n / 1000, 5.0), 0.0) for n in range(16)]
    assert have_converged(close, close_max(16), BOX)
    assert not have_converged(spread(16), close_max(16), BOX)

    def share(elites: list[Elite]) -> float:
        drawn = [
            role_of(elites, 16, BOX, has_free=True, chance=random.Random(seed))
            for seed in range(400)
        ]
        return drawn.count(Role.EXPLORE) / 400

    assert share(close) > 0.7
    assert share(spread(16)) < 0.25


def test_elites_of_one_place_do_not_crowd_out_those_of_others():
    close = [Elite((5.0 + n / 1000, 5.0), 1.0 + n) for n in range(20)]
    kept = selected([*close, *spread(10)], 16, BOX)
    assert len(kept) == 16
    assert kept[0].score == 20.0
    assert sum(each in close for each in kept) == 8


def test_room_that_no_other_place_wants_is_given_to_the_crowd():
    close = [Elite((5.0 + n / 1000, 5.0), 1.0 + n) for n in range(20)]
    assert [each.score for each in selected(close, 16, BOX)] == [20.0 - n for n in range(16)]


def test_a_region_is_a_cell_of_the_box():
    cell = BOX.region((1, 3), 4)
    assert cell == Box((2.5, 7.5), (5.0, 10.0))

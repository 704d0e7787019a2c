import random
from collections import Counter

from swarm_workers.agents.research.words import asked
from swarm_workers.problems.research.choosing import best_first
from swarm_workers.problems.research.desk import Standing
from swarm_workers.problems.research.records import Fact, Pair, Place, Shelf, merged

ONE, TWO = asked("ferry harbour"), asked("ferry engine")
SOURCES = {ONE.key: ("a", "b", "c"), TWO.key: ("d", "a")}


def chosen(*shelves: Shelf, seed: int = 1, is_varied: bool = False) -> list[Pair]:
    standing = Standing(Place(), (ONE, TWO), shelves)
    chance = random.Random(seed)
    return best_first(standing, lambda each: SOURCES[each.key], chance, is_varied=is_varied)


def test_all_open_pairs_are_there_once_and_none_that_is_taken() -> None:
    found = chosen(Shelf(read=(("a", 0),)), Shelf(claimed=(("other", "d"),)))
    assert sorted((pair.question.key, pair.source) for pair in found) == sorted(
        [(ONE.key, "b"), (ONE.key, "c"), (TWO.key, "a")]
    )
    assert (
        chosen(Shelf(read=tuple((each, 0) for each in "abc")), Shelf(read=(("d", 0), ("a", 0))))
        == []
    )


def test_a_question_that_brings_facts_comes_before_one_that_brings_none() -> None:
    assert chosen(Shelf(read=(("a", 4),)), Shelf(read=(("d", 0),)))[0] == Pair(ONE, "b")


def test_a_source_that_brought_facts_for_another_question_comes_first() -> None:
    only_a = Shelf(read=(("a", 9), ("b", 0), ("c", 0)))
    assert [pair.source for pair in chosen(only_a, Shelf())] == ["a", "d"]


def test_chance_decides_among_equals_and_a_seed_decides_chance() -> None:
    first = {chosen(Shelf(), Shelf(), seed=seed)[0] for seed in range(20)}
    assert first == {Pair(ONE, "a"), Pair(TWO, "d")}
    assert chosen(Shelf(), Shelf(), seed=3) == chosen(Shelf(), Shelf(), seed=3)


def test_a_varied_reader_takes_each_pair_sometimes_and_promising_ones_more_often() -> None:
    shelves = (Shelf(read=(("a", 2),)), Shelf(read=(("d", 0),)))
    first = Counter(chosen(*shelves, seed=seed, is_varied=True)[0] for seed in range(300))
    assert len(first) == 3
    assert first[Pair(ONE, "b")] > first[Pair(TWO, "a")]


def test_a_shelf_is_free_for_whoever_claimed_it() -> None:
    shelf = Shelf().claim("me", "a")
    assert shelf.is_free("a", "me")
    assert not shelf.is_free("a", "you")
    closed = shelf.close("me", "a", 2)
    assert (closed.read, closed.claimed, closed.found) == ((("a", 2),), (), 2)
    assert closed.close("me", "a", 2) == closed, "a reading counts once"


def test_merging_facts_keeps_the_first_of_each_and_their_order() -> None:
    one, two = Fact("1", "s", "one", "q"), Fact("2", "s", "two", "q")
    again = Fact("1", "t", "one once more", "q")
    assert merged((one,), (two, again)) == (one, two)
    assert merged(merged((one,), (two,)), (two,)) == (one, two)

"""What researchers know together, on a space in memory."""

from swarm_workers.agents.research.words import asked
from swarm_workers.problems.research.desk import Desk
from swarm_workers.problems.research.judging import Judged
from swarm_workers.problems.research.records import Fact, Pair
from swarm_workers.stm import Stm

SAME = Fact("1", "a", "stated", "quoted")
OTHER = Fact("2", "a", "stated too", "quoted too")


def test_a_fact_that_answers_two_questions_is_one_of_those_that_are_wanted():
    first, second = asked("how do ferries sail"), asked("where do ferries sleep")
    desk = Desk(Stm.in_memory("s-1"), "r-0", results="", tracks="", asked=(first, second))

    def has_enough(wanted: int) -> bool:
        return desk.atomically(desk.standing, wanted).has_enough

    desk.atomically(desk.close, Pair(first, "a"), Judged((SAME,)), 9)
    desk.atomically(desk.close, Pair(second, "a"), Judged((SAME,)), 9)
    assert has_enough(1)
    assert not has_enough(2)
    desk.atomically(desk.close, Pair(second, "b"), Judged((OTHER,)), 9)
    assert has_enough(2)
    assert not has_enough(0), "0 means that no number is enough"

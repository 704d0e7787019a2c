"""An option that would change nothing is refused, with what would use it."""

import pytest

from orchestrator.errors import UsageError
from orchestrator.experiments.options import check_options
from orchestrator.experiments.plan import FAILURES
from orchestrator.experiments.studies import Wanted
from orchestrator.experiments.study import Study
from tasks_schema.kinds import Mode, Sharing

AROUND = (Study.SWEEP, Study.DISTANCE)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (Wanted(studies=AROUND, modes=(Mode.SWARM,)), "--modes would change nothing here"),
        (Wanted(studies=AROUND, sharing=Sharing.BEST), "--sharing would change nothing here"),
        (Wanted(studies=AROUND, round_trip_seconds=0.001), "--round-trip would change nothing"),
        (Wanted(studies=AROUND, instances=("a", "b")), "a second --instance would change nothing"),
        (Wanted(studies=(Study.SWEEP,), agents=3), "--agents would change nothing here"),
        (
            Wanted(modes=(Mode.SINGLE, Mode.PARALLEL), sharing=Sharing.BEST),
            "--sharing would change nothing here: in modes",
        ),
    ],
)
def test_an_option_that_no_study_uses_is_refused_with_the_one_that_would(
    wanted: Wanted, sentence: str
) -> None:
    with pytest.raises(UsageError) as refusal:
        check_options("sudoku", wanted)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(modes=(Mode.SWARM,), sharing=Sharing.BEST, round_trip_seconds=0.001),
        Wanted(studies=(Study.COMPARISON, *AROUND), modes=(Mode.SWARM,), instances=("a", "b")),
        Wanted(studies=AROUND, agents=3, iterations=2, instances=("a",), seeds=4),
        Wanted(is_quick=True, modes=(Mode.PARALLEL,), at_once=3),
    ],
)
def test_an_option_that_one_of_the_studies_uses_is_taken(wanted: Wanted) -> None:
    check_options("sudoku", wanted)


def test_failures_take_seeds_and_nothing_else() -> None:
    check_options(FAILURES, Wanted(seeds=3, is_quick=True))
    for wanted in (Wanted(agents=3), Wanted(sources=("https://example.org",)), Wanted(at_once=5)):
        with pytest.raises(UsageError, match="only --seeds and --quick change what is done"):
            check_options(FAILURES, wanted)

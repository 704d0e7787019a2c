"""Failures that are provoked, recorded once each; what their remedy did not overcome is told."""

from dataclasses import dataclass, field

import pytest

from orchestrator.experiments import records
from orchestrator.experiments.failures import provoking
from orchestrator.experiments.failures.provoking import provoke_all
from orchestrator.experiments.failures.trial import Trial
from orchestrator.experiments.rows import Experiment
from orchestrator.experiments.running import Progress
from orchestrator.launch.parts import Parts

NAME = "failures-abc123"


@dataclass
class Flood:
    """Comes in with an even seed, whatever is done against it; and always if nothing is."""

    name: str = "flood"
    provocation: str = "water"
    remedy: str = "a dam"
    without: str = "none"
    overcome: str = "no water"
    seconds_max: float = 1.0
    provoked: list[tuple[bool, int]] = field(default_factory=list)

    def provoke(self, *, has_remedy: bool, seed: int) -> Trial:
        self.provoked.append((has_remedy, seed))
        return Trial(is_overcome=has_remedy and seed % 2 == 1, seconds=0.5)


@pytest.fixture
def parts(parts: Parts) -> Parts:
    with parts.engine.begin() as connection:
        records.record_experiment(connection, Experiment(NAME, {}, {}, {}, "swarm"), ())
    return parts


@pytest.fixture
def flood(monkeypatch: pytest.MonkeyPatch) -> Flood:
    made = Flood()
    monkeypatch.setattr(provoking, "failures_of", lambda _parts: [made])
    return made


def test_a_remedy_that_did_not_help_counts_as_failed_and_is_told(
    parts: Parts, flood: Flood
) -> None:
    shown: list[Progress] = []
    done = provoke_all(parts, NAME, 4, shown.append)
    assert (done.done, done.failed, done.total) == (6, 2, 8)
    assert len(flood.provoked) == 8
    assert [progress.latest for progress in shown if progress.latest] == [
        f"flood with its remedy, seed {seed}: not overcome after 0.50 s" for seed in (2, 4)
    ]


def test_it_still_counts_where_the_trials_are_recorded_and_not_made_again(
    parts: Parts, flood: Flood
) -> None:
    provoke_all(parts, NAME, 2, lambda _progress: None)
    again = provoke_all(parts, NAME, 2, lambda _progress: None)
    assert (again.done, again.failed) == (3, 1)
    assert len(flood.provoked) == 4

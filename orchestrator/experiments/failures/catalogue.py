"""All failures that are provoked, and their trials: each with the remedy and without."""

from collections.abc import Iterator

from orchestrator.experiments.failures.crash import Crash
from orchestrator.experiments.failures.deadlock import Deadlock
from orchestrator.experiments.failures.livelock import Livelock
from orchestrator.experiments.failures.poison import Poison
from orchestrator.experiments.failures.starvation import Starvation
from orchestrator.experiments.failures.trial import Failure
from orchestrator.launch.parts import Parts


def failures_of(parts: Parts) -> Iterator[Failure]:
    """Yield all failures: two are models in a space of their own, three are on the fleet."""
    url = parts.settings.require_redis_url()
    yield Livelock(url)
    yield Starvation(url)
    yield Deadlock(parts)
    yield Crash(parts)
    yield Poison(parts)

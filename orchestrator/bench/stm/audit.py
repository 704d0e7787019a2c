"""Whether every committed addition is there in the end."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import redis

from orchestrator.bench.stm.figures import Measurement

_VARIABLE = re.compile(rb"\{[^}]*\}:(?:v|n|helper|raw):")
_NUMBER = re.compile(rb"-?[0-9]+$")
"""Behind whatever header the library writes."""


def lost_updates(url: str, measurements: Iterable[Measurement]) -> dict[str, int]:
    """Return, for each space, by how much its variables fall short of what was committed. Blocks.

    Every addition of 1 was counted where it returned; moves add up to 0. The variables are read as
    they lie on the server, without any library. Below 0 something was applied twice.
    """
    committed: Counter[str] = Counter()
    for each in measurements:
        outcomes = [outcome for one in each.outcomes for outcome in one]
        if any(outcome.increments for outcome in outcomes):
            committed[each.job.space] += sum(outcome.increments for outcome in outcomes)
    with redis.Redis.from_url(url) as client:
        return {space: count - _stored(client, space) for space, count in committed.items()}


def _stored(client: redis.Redis, space: str) -> int:
    """Return the sum of all variables of a space."""
    keys = list(client.scan_iter(f"{{{space}}}:*", count=1000))
    variables = [key for key in keys if _VARIABLE.match(key)]
    values: list[Any] = client.mget(variables) if variables else []
    found = [_NUMBER.search(value) for value in values if value is not None]
    return sum(int(number.group()) for number in found if number is not None)

"""All families of edits."""

from collections.abc import Callable, Iterator

from swarm_workers.agents.search.operators import (
    arithmetic,
    boolean,
    calls,
    comparison,
    constants,
    exceptions,
    names,
    returns,
    statements,
    strings,
    subscripts,
    wraps,
)
from swarm_workers.agents.search.sites import Proposal, Site

Family = Callable[[Site], Iterator[Proposal]]

FAMILIES: tuple[Family, ...] = (
    comparison.propose,
    constants.propose,
    arithmetic.propose,
    boolean.propose,
    names.propose,
    calls.propose,
    wraps.propose,
    subscripts.propose,
    strings.propose,
    returns.propose,
    statements.propose,
    exceptions.propose,
)

"""Strategies by kind. A new kind of agent takes its seat here."""

from typing import Any

from swarm_workers.agents.search.strategy import SearchAgent
from swarm_workers.agents.sudoku.agent import SudokuAgent
from swarm_workers.protocols import Agent
from tasks_schema.kinds import AgentKind


def agent_of(kind: AgentKind) -> Agent[Any, Any]:
    """Return the strategy of a kind.

    Raises:
        LookupError: the kind is no strategy.
    """
    if kind is AgentKind.SEARCH:
        return SearchAgent()
    if kind is AgentKind.SOLVER:
        return SudokuAgent()
    raise LookupError(f"agents of kind '{kind}' do not propose anything")

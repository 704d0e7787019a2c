"""Strategies by kind. A new kind of agent takes its seat here."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from swarm_workers.agents.optimization.strategy import OptimizerAgent
from swarm_workers.agents.research.report import SynthesisAgent
from swarm_workers.agents.research.strategy import ResearchAgent
from swarm_workers.agents.search.strategy import SearchAgent
from swarm_workers.agents.sudoku.agent import SudokuAgent
from swarm_workers.protocols import Agent
from tasks_schema.kinds import AgentKind

STRATEGIES: Final[Mapping[AgentKind, Callable[[], Agent[Any, Any]]]] = {
    AgentKind.SEARCH: SearchAgent,
    AgentKind.OPTIMIZER: OptimizerAgent,
    AgentKind.SOLVER: SudokuAgent,
    AgentKind.RESEARCHER: ResearchAgent,
    AgentKind.SYNTHESIZER: SynthesisAgent,
}


def agent_of(kind: AgentKind) -> Agent[Any, Any]:
    """Return the strategy of a kind.

    Raises:
        LookupError: the kind is no strategy.
    """
    if kind not in STRATEGIES:
        raise LookupError(f"agents of kind '{kind}' do not propose anything")
    return STRATEGIES[kind]()

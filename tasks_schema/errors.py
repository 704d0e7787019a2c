"""The root of every error that this project raises on purpose.

SwarmError
├── swarm_workers.errors.*   what can go wrong in a worker
└── orchestrator.errors.*    what can go wrong for the person at the command line
"""


class SwarmError(Exception):
    """An expected failure: its message says what happened, to which thing, and what to do."""

"""`python -m swarm_workers.sandbox.probe`: says in one line whether this machine can isolate.

For `swarm doctor`, which runs it as a program because the layers keep it from importing this room.
"""

import sys

from swarm_workers.sandbox.errors import NoIsolationError
from swarm_workers.sandbox.isolation import probe


def main() -> int:
    """Print what keeps jobs in, or why nothing does; return the exit status, 0 or 1."""
    try:
        print(probe().tier)  # noqa: T201 - the answer of a command
    except NoIsolationError as error:
        print(error)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A process that takes a lease and does nothing, until it is killed.

Run as `python -m orchestrator.experiments.failures.holder`, with one line of JSON on stdin: the URL
of the server, the space, and for how many seconds the lease is to hold. Says when it holds it.
"""

import json
import sys
import threading
import time

import msgspec

from swarm_workers.stm import Stm


class Held(msgspec.Struct, frozen=True):
    """Who holds the lease."""

    holder: str = ""
    until: float = 0.0
    """Unix seconds after which it is anybody's."""


def main() -> None:
    """Take the lease, say so, and wait to be killed."""
    url, space, seconds = json.loads(sys.stdin.readline())
    stm = Stm.connect(url, space)
    until = time.time() + seconds  # noqa: TID251 - leases are compared between processes
    stm.atomically(stm.var("lease", Held, default=Held()).set, Held("first", until))
    sys.stdout.write("held\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()

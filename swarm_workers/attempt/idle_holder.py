"""A process that claims a turn as a worker does, keeps its lease, and never does it.

For whoever wants to see what becomes of such a turn when the process is killed. Run as
`python -m swarm_workers.attempt.idle_holder`, with one line of JSON on stdin: the URL of the
server, and the order. Says when it holds the lease; ends when stdin does, without giving it back.
"""

import json
import sys

from pydantic import SecretStr

from swarm_workers.attempt.lease import Lease
from swarm_workers.clock import RealClock
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.settings import Settings
from swarm_workers.stm import Stm
from tasks_schema.messages.attempt import AttemptOrder

LEASE_SECONDS = 1.0
RENEW_SECONDS = 0.25
"""Both shorter than a worker's, so that nobody has to wait for a minute to see a lease lapse."""


def main() -> None:
    """Claim the turn, say what came of the claim, and renew the lease until stdin ends."""
    url, order = json.loads(sys.stdin.readline())
    settings = Settings(
        redis_url=SecretStr(url),
        lease_seconds=LEASE_SECONDS,
        lease_renew_seconds=RENEW_SECONDS,
        stop_poll_seconds=RENEW_SECONDS,
    )
    wanted = AttemptOrder.model_validate(order)
    lease = Lease(SharedState(Stm.connect(url, wanted.swarm)), wanted, settings, RealClock())
    sys.stdout.write(f"{lease.claim().verdict}\n")
    sys.stdout.flush()
    with lease.renewed(lambda: None):
        sys.stdin.read()


if __name__ == "__main__":
    main()

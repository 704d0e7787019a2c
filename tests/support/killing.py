"""Processes ended hard, and surely ended before the test goes on."""

import os
import select
import signal

_END_SECONDS_MAX = 10


def kill_hard(process_id: int) -> None:
    """Kill a process and wait until it has ended: the kernel takes its time to end one."""
    life = os.pidfd_open(process_id)
    try:
        os.kill(process_id, signal.SIGKILL)
        ended, _, _ = select.select([life], [], [], _END_SECONDS_MAX)
    finally:
        os.close(life)
    assert ended, f"process {process_id} outlived a SIGKILL by {_END_SECONDS_MAX} s"

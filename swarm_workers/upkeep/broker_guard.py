"""A guard for one defect of kombu 5.7.0, to be dropped when a release has repaired it.

When Redis dies under a worker that holds an unacknowledged message, closing the channel tries to
give the message back through a transport that has no client any more. The `AttributeError` of that
ends the whole worker, in about one of seven such outages. What is given up here is not lost: the
message comes back after the visibility timeout, or is acknowledged when its attempt has ended.
"""

import logging
from typing import Any

from kombu.transport import redis
from typing_extensions import override

_log = logging.getLogger(__name__)


class GuardedQoS(redis.QoS):
    """kombu's book of unacknowledged messages, which survives the loss of its connection."""

    @override
    def restore_unacked(self, client: Any = None) -> None:
        """Give back what was not acknowledged, as far as there is a connection to do it by."""
        try:
            super().restore_unacked(client)  # type: ignore[no-untyped-call]
        except AttributeError:
            _log.warning(
                "the connection to Redis was gone before %d messages could be given back; "
                "they come back after the visibility timeout",
                len(self._delivered),
            )
            self._delivered.clear()


def install() -> None:
    """Let all channels that are opened from now on use the guard."""
    redis.Channel.QoS = GuardedQoS

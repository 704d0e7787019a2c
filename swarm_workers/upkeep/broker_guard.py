"""A guard for one defect of kombu 5.7.0, to be dropped when a release has repaired it.

When Redis dies under a worker, its channel is closed; but what is still to be acknowledged or given
back through that channel opens a connection anew, and looks for its address in a transport that is
gone. The `AttributeError` of that is no connection error to anyone who handles those, and ends the
whole worker, in about one of seven such outages. With the guard it is one. What cannot be given
back is not lost: it comes back after the visibility timeout.
"""

import logging
from typing import Any

from kombu.transport import redis
from redis.exceptions import ConnectionError as RedisConnectionError
from typing_extensions import override

_log = logging.getLogger(__name__)


class GuardedQoS(redis.QoS):
    """kombu's book of unacknowledged messages, which can be closed without a connection."""

    @override
    def restore_unacked(self, client: Any = None) -> None:
        """Give back what was not acknowledged, as far as there is a connection to do it by."""
        try:
            super().restore_unacked(client)  # type: ignore[no-untyped-call]
        except self.channel.connection_errors:
            _log.warning(
                "the connection to Redis was gone before %d messages could be given back; "
                "they come back after the visibility timeout",
                len(self._delivered),
            )
            self._delivered.clear()


class GuardedChannel(redis.Channel):
    """kombu's channel, which says by the right error that it has no connection any more."""

    QoS = GuardedQoS  # type: ignore[mutable-override]  # as kombu's own transports do it

    @override
    def _connparams(self, asynchronous: bool = False) -> Any:
        if getattr(self.connection, "client", None) is None:
            raise RedisConnectionError("the connection that this channel belongs to was closed")
        return super()._connparams(asynchronous)  # type: ignore[no-untyped-call]


def install() -> None:
    """Let all connections that are opened from now on use the guard."""
    redis.Transport.Channel = GuardedChannel

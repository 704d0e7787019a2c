"""A proxy that cuts connections off around a commit."""

from collections import deque
from typing import Literal

import hiredis
from typing_extensions import override

from orchestrator.bench.stm.proxy import RECEIVED_BYTES_MAX, Pair, Proxy

_COMMITS = (b"$4\r\nEXEC\r\n", b"$5\r\nFCALL\r\n")
_LATE_SECONDS_MAX = 5.0
_NO_MORE = False
"""What hiredis says when it has no whole reply."""
Fault = Literal["lose reply", "deliver late"]


class CuttingProxy(Proxy):
    """Cuts the connection around a commit: once for each fault that was ordered."""

    def __init__(self, host: str, port: int) -> None:
        """Begin with no fault."""
        self.faults: deque[tuple[Fault, int]] = deque()
        """What befalls the next commits, each with the number of later requests that overtake it
        if it is delivered late."""
        self._late: Pair | None = None
        self._overtaken_by = 0
        self.late_replies: list[object] = []
        """What the server answered to commits that came late; None is a refusal."""
        super().__init__(host, port)

    @override
    def on_request(self, pair: Pair, data: bytes) -> None:
        """Forward, or inflict."""
        if self.faults and any(commit in data for commit in _COMMITS):
            self._inflict(pair, data, *self.faults.popleft())
            return
        super().on_request(pair, data)
        self._overtaken_by -= 1
        if self._late is not None and self._overtaken_by <= 0:
            self.deliver()

    @override
    def on_reply(self, pair: Pair, data: bytes) -> None:
        """Forward, or lose it and cut."""
        if pair.is_reply_lost:
            self.drop(pair)
        else:
            super().on_reply(pair, data)

    def deliver(self) -> None:
        """Send to the server what was held back, and wait for its answer."""
        late, self._late = self._late, None
        if late is None:
            return
        late.server.settimeout(_LATE_SECONDS_MAX)
        late.server.sendall(late.held)
        commands = hiredis.Reader()
        commands.feed(late.held)
        count = len(list(iter(commands.gets, _NO_MORE)))
        replies = hiredis.Reader()
        answers: list[object] = []
        while len(answers) < count and (piece := late.server.recv(RECEIVED_BYTES_MAX)):
            replies.feed(piece)
            answers += iter(replies.gets, _NO_MORE)
        self.late_replies.append(answers[-1] if answers else None)
        late.server.close()

    def _inflict(self, pair: Pair, data: bytes, fault: Fault, overtaken_by: int) -> None:
        if fault == "lose reply":
            pair.is_reply_lost = True
            pair.server.sendall(data)
            return
        self._late, self._overtaken_by = pair, overtaken_by
        pair.held = data
        self.keep_upstream(pair)

"""The smallest program of a session: answers each message with itself. Shows that sessions work."""

from __future__ import annotations

from typing import Any

from .channel import Channel


def main(channel: Channel, config: dict[str, Any]) -> None:
    """Greet with the configuration, then answer until the worker hangs up."""
    channel.send({"config": config})
    while True:
        message = channel.receive()
        if message is None:
            return
        channel.send({"echo": message})

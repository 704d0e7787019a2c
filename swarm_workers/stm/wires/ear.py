"""What one transaction has heard of changes to keys since it began to listen."""

from collections.abc import Iterable


class Ear:
    """Keys that the server said were changed."""

    def __init__(self) -> None:
        """Hear from now on."""
        self._heard: set[str] = set()
        self._has_heard_all = False

    def hear(self, keys: Iterable[str] | None) -> None:
        """Take note of changed keys; None means that any may have changed."""
        if keys is None:
            self._has_heard_all = True
        else:
            self._heard.update(keys)

    def concerns(self, keys: frozenset[str]) -> bool:
        """Say whether one of these may have changed."""
        return self._has_heard_all or not self._heard.isdisjoint(keys)


def invalidated(push: list[object]) -> list[str] | None:
    """Return the keys of a push message of the server; None means any.

    Pushes of other kinds do not occur: nothing else is asked for.
    """
    keys = push[1] if len(push) > 1 else None
    if not isinstance(keys, list):
        return None  # the database was flushed
    return [bytes(key).decode(errors="replace") for key in keys]

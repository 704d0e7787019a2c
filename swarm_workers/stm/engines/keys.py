"""The keys of a space that are the library's own; those of variables are made by the kernel.

| key | type | meaning | expiry |
|---|---|---|---|
| `{<space>}:v:<name>` | string | TVar: version header and JSON | none |
| `{<space>}:n:<name>` | string | TCounter: an integer | none |
| `{<space>}:s:<name>` | set | TSet: JSON of the members | none |
| `{<space>}:m:<name>:<key>` | string | TMap: version header and JSON of one entry | none |
| `{<space>}:k:<name>` | set | TMap: its keys | none |
| `{<space>}:q:<name>` | list | TQueue: JSON of the elements, head first | none |
| `{<space>}:x:<name>` | stream | TStream: entries with one field, `report` | none |
| `{<space>}:c:<writer>` | string | number of the writer's latest commit, or fence | 1 h |
| `{<space>}:gate` | string | the writer whom all others let pass | 0.2 to 5 s |
| `{<space>}:t:<letter>:<name>` | list | token of a contended key: there, or held | twice its flag |
| `{<space>}:u:<letter>:<name>` | string | flag: name of that token | 0.5 s at least |

A variable never expires, because expiry of a watched key is a conflict.
Pure: no I/O, no clock, no chance.
"""


class Keys:
    """Names the keys of one space."""

    def __init__(self, space: str) -> None:
        """Name the space."""
        self.space = space
        self.gate = f"{{{space}}}:gate"
        """Where the writer is noted whom all others let pass."""

    def record(self, writer: str) -> str:
        """Return where a writer's latest commit is noted."""
        return f"{{{self.space}}}:c:{writer}"

    def token(self, key: str) -> str:
        """Return the list that holds the token of a contended key."""
        return f"{{{self.space}}}:t:{self._rest(key)}"

    def flag(self, key: str) -> str:
        """Return what tells that a contended key has a token."""
        return f"{{{self.space}}}:u:{self._rest(key)}"

    def _rest(self, key: str) -> str:
        return key[len(self.space) + 3 :]

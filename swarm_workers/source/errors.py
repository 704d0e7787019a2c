"""What the source store refuses.

SourceError (swarm_workers.errors)
├── UnreadableSourceError   a folder or a file of it cannot be taken in
├── SourceTooLargeError     a folder holds more than the limit
├── UnsafePathError         a path that would leave the tree, or that cannot be stored
├── UnknownBranchError      no branch of that id
├── UnknownLandingError     the branch has no landing of that number
├── PurgedLandingError      a landing older than what the branch still holds
├── EmptyLandingError       nothing to land
└── StaleOperationError     operations that do not fit the head they are said to fit
"""

import uuid

from swarm_workers.errors import SourceError


class UnreadableSourceError(SourceError):
    """A folder, or one file of it, cannot be taken in."""

    def __init__(self, path: str, reason: str) -> None:
        """Name the file and say why."""
        super().__init__(f"cannot read '{path}': {reason}; make it readable, or have git ignore it")
        self.path = path
        self.reason = reason


class SourceTooLargeError(SourceError):
    """A folder holds more than the limit."""

    def __init__(self, root: str, bytes_max: int) -> None:
        """Name the folder and the limit in bytes."""
        super().__init__(
            f"'{root}' holds more than {bytes_max:,} bytes of files, the most that a sandbox "
            "takes (SWARM_JOB_DISK_BYTES_MAX); name a smaller folder, or have git ignore what is "
            "not source"
        )
        self.root = root
        self.bytes_max = bytes_max


class UnsafePathError(SourceError):
    """A path that would leave the tree, or that cannot be stored, or a link that cannot."""

    def __init__(self, path: str) -> None:
        """Name the path."""
        shown = path.encode(errors="backslashreplace").decode()
        super().__init__(
            f"'{shown}' cannot be a file in a tree; use a relative path in UTF-8 without NUL "
            "and without parts that are '.', '..', '.git' or empty, and such a target of a link"
        )
        self.path = path


class UnknownBranchError(SourceError):
    """No branch has that id."""

    def __init__(self, branch_id: str) -> None:
        """Name the branch."""
        super().__init__(f"there is no branch '{branch_id}' in the source store; import it first")
        self.branch_id = branch_id


class UnknownLandingError(SourceError):
    """The branch has no landing of that number."""

    def __init__(self, branch_id: str, landing: int) -> None:
        """Name the branch and the landing."""
        super().__init__(
            f"branch '{branch_id}' has no landing {landing}; ask for one between 0 and its head"
        )
        self.branch_id = branch_id
        self.landing = landing


class PurgedLandingError(SourceError):
    """A landing is older than what the branch still holds."""

    def __init__(self, branch_id: str, landing: int, horizon: int) -> None:
        """Name the branch, the landing and the oldest that is left."""
        super().__init__(
            f"landing {landing} of branch '{branch_id}' was purged, the oldest that is left is "
            f"{horizon}; make the change anew on that or a newer one"
        )
        self.branch_id = branch_id
        self.landing = landing
        self.horizon = horizon


class EmptyLandingError(SourceError):
    """There is nothing to land."""

    def __init__(self, branch_id: str, attempt_id: uuid.UUID | None) -> None:
        """Name the branch and the attempt."""
        super().__init__(
            f"attempt '{attempt_id}' has no operations to land on branch '{branch_id}'; "
            "its changes are already on the head, so report it as finished"
        )
        self.branch_id = branch_id
        self.attempt_id = attempt_id


class StaleOperationError(SourceError):
    """An operation does not fit the head that it is said to fit."""

    def __init__(self, node_id: uuid.UUID, reason: str) -> None:
        """Name the node and say what is wrong."""
        super().__init__(f"an operation on node '{node_id}' {reason}; merge with the head first")
        self.node_id = node_id
        self.reason = reason

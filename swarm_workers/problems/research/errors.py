"""What can go wrong with sources.

WorkerError
└── ResearchError
    ├── NoFullTextSearchError    this Python's SQLite cannot search texts
    ├── CorpusDiffersError       this machine has other documents than the swarm was launched with
    ├── SourceUnavailableError   a named source could not be fetched or read
    └── NothingToReadError       no document says anything about what was asked
"""

from swarm_workers.errors import WorkerError


class ResearchError(WorkerError):
    """Sources cannot be had as they are wanted."""


class NoFullTextSearchError(ResearchError):
    """This Python's SQLite cannot search texts."""

    def __init__(self, version: str) -> None:
        """Name the version of SQLite."""
        super().__init__(
            f"the SQLite {version} of this Python was built without FTS5, which indexes the "
            "sources; use a Python from python.org, a Linux distribution or uv"
        )


class CorpusDiffersError(ResearchError):
    """This machine has other documents than the swarm was launched with."""

    def __init__(self, wanted: str, found: str) -> None:
        """Name both sets of documents by their digests."""
        super().__init__(
            f"this machine's documents are {found[:12]}, the swarm reads {wanted[:12]}; "
            "give all workers the Python and the packages of the machine that launched it"
        )
        self.wanted = wanted
        self.found = found


class SourceUnavailableError(ResearchError):
    """A named source could not be fetched or read."""

    def __init__(self, source: str, reason: str) -> None:
        """Name the source and why it is of no use."""
        super().__init__(f"'{source}' cannot be read: {reason}")
        self.source = source
        self.reason = reason


class NothingToReadError(ResearchError):
    """No document says anything about what was asked."""

    def __init__(self, topic: str) -> None:
        """Name what was asked."""
        super().__init__(
            f"no document answers '{topic}'; ask with two or more words that sources use, "
            "or name sources with --source or --corpus"
        )
        self.topic = topic

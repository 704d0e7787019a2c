"""Documents that a person names: fetched once, recorded in the source store, read by all."""

from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.launch.parts import connect
from orchestrator.settings import OrchestratorSettings
from swarm_workers.clock import RealClock
from swarm_workers.problems.research.corpus.document import Document
from swarm_workers.problems.research.corpus.fetching import fetch_documents
from swarm_workers.problems.research.corpus.folders import folder_documents
from swarm_workers.problems.research.corpus.named import tree_of
from swarm_workers.problems.research.errors import SourceUnavailableError
from swarm_workers.source.store import SourceStore

CHARACTERS_MAX = 32 * 2**20
"""Of all documents that are named together."""


@dataclass(frozen=True, slots=True)
class Named:
    """Documents, and where they are recorded."""

    branch: str
    landing: int
    documents: tuple[Document, ...] = field(repr=False)


def name_documents(sources: tuple[str, ...], corpus: tuple[str, ...]) -> Named:
    """Fetch URLs, read folders, and record what they hold. The same content is recorded once.

    Raises:
        UsageError: one of them cannot be read, or all together are too large.
    """
    try:
        documents = fetch_documents(sources, RealClock())
        for folder in corpus:
            documents += folder_documents(Path(folder))
    except SourceUnavailableError as error:
        raise UsageError(str(error)) from error
    if len({each.id for each in documents}) < len(documents):
        raise UsageError("a source is named twice, or two folders have the same name")
    size = sum(len(each.text) for each in documents)
    if size > CHARACTERS_MAX:
        raise UsageError(
            f"the named documents have {size} characters; name {CHARACTERS_MAX} at most"
        )
    parts = connect(OrchestratorSettings())
    try:
        branch = SourceStore(parts.engine).import_tree(tree_of(documents), name="documents")
    finally:
        parts.engine.dispose()
        parts.client.close()
    return Named(branch.branch_id, branch.landing, tuple(documents))

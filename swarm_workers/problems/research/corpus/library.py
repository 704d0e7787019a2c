"""A library: documents and their full-text index in one SQLite file that is never changed.

Every process of a machine reads the same file, so that it is in memory once. It comes with Python:
`bm25s` adds NumPy and 0.1 s of imports to each worker process, `tantivy` 17 MB to each machine;
all rank by the same formula, and some thousands of documents are few.
Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, as
SQLite's FTS5 ranks.
"""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from itertools import combinations
from pathlib import Path

from swarm_workers.problems.research.corpus.document import Document, digest_of
from swarm_workers.problems.research.errors import NoFullTextSearchError

TITLE_WEIGHT = 2.0
"""How much more a word counts in a title than in a text."""
TERMS_MAX = 8
"""Of one query: it has a clause for each pair of them."""

_SCHEMA = """
CREATE TABLE documents (number INTEGER PRIMARY KEY, id TEXT UNIQUE, title TEXT, text TEXT);
CREATE VIRTUAL TABLE words USING fts5(
    title, text, content='documents', content_rowid='number', tokenize='unicode61', prefix='4 6'
);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, row);
CREATE TABLE about (digest TEXT);
"""
_RANK = f"""
SELECT documents.id FROM words JOIN documents ON documents.number = words.rowid
WHERE words MATCH ? ORDER BY bm25(words, {TITLE_WEIGHT}, 1.0), documents.number LIMIT ?
"""  # noqa: S608 - a constant


class Library:
    """The documents of one file. Not thread-safe: a process opens its own after it was forked."""

    def __init__(self, path: Path) -> None:
        """Open a file that `build` made.

        Raises:
            FileNotFoundError: there is none.
        """
        if not path.is_file():
            raise FileNotFoundError(path)
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)

    @property
    def digest(self) -> str:
        """The digest of its documents."""
        return str(self._connection.execute("SELECT digest FROM about").fetchone()[0])

    def __len__(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM documents").fetchone()[0])

    def read(self, source: str) -> Document:
        """Return a document by its id.

        Raises:
            LookupError: there is none.
        """
        query = "SELECT id, title, text FROM documents WHERE id = ?"
        row = self._connection.execute(query, (source,)).fetchone()
        if row is None:
            raise LookupError(f"no document '{source}' in the library")
        return Document(*row)

    def ids(self) -> tuple[str, ...]:
        """Return the ids of all documents, sorted."""
        return tuple(
            row[0] for row in self._connection.execute("SELECT id FROM documents ORDER BY number")
        )

    def documents(self) -> list[Document]:
        """Return all documents, sorted by id. Reads the whole file."""
        query = "SELECT id, title, text FROM documents ORDER BY number"
        return [Document(*row) for row in self._connection.execute(query)]

    def rank(self, terms: Sequence[str], count: int) -> tuple[str, ...]:
        """Return ids of documents that use at least two of the terms, the best first.

        A term stands for all words that begin with it; a single term is enough where it is alone.
        """
        wanted = [f'"{term}"*' for term in dict.fromkeys(terms[:TERMS_MAX]) if term.isalnum()]
        pairs = [f"({one} AND {other})" for one, other in combinations(wanted, 2)] or wanted
        if not pairs:
            return ()
        rows = self._connection.execute(_RANK, (" OR ".join(pairs), count))
        return tuple(row[0] for row in rows)

    def spread(self, fewest: int, most: int) -> dict[str, int]:
        """Return words by the number of documents that use them, where it is between two bounds."""
        query = "SELECT term, doc FROM vocabulary WHERE doc BETWEEN ? AND ? ORDER BY term"
        return dict(self._connection.execute(query, (fewest, most)))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def build(path: Path, documents: Iterable[Document]) -> None:
    """Write a library; it appears under its path when it is whole. Blocks for seconds.

    Raises:
        NoFullTextSearchError: SQLite was built without FTS5.
    """
    by_id = {each.id: each for each in documents}
    ordered = [by_id[name] for name in sorted(by_id)]
    rows = [(number, each.id, each.title, each.text) for number, each in enumerate(ordered, 1)]
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(unfinished)) as connection, connection:
            connection.executescript(_SCHEMA)
            connection.executemany("INSERT INTO documents VALUES (?, ?, ?, ?)", rows)
            connection.execute("INSERT INTO words(words) VALUES ('rebuild')")
            connection.execute("INSERT INTO words(words) VALUES ('optimize')")
            connection.execute("INSERT INTO about VALUES (?)", (digest_of(ordered),))
        unfinished.replace(path)
    except sqlite3.OperationalError as error:
        if "fts5" in str(error):
            raise NoFullTextSearchError(sqlite3.sqlite_version) from error
        raise
    finally:
        unfinished.unlink(missing_ok=True)

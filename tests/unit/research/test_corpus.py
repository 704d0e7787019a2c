import sys
from pathlib import Path

import pytest

from swarm_workers.problems.research.corpus import machine
from swarm_workers.problems.research.corpus.docstrings import documents_of
from swarm_workers.problems.research.corpus.document import (
    CHARACTERS_MAX,
    Document,
    digest_of,
    document,
)
from swarm_workers.problems.research.corpus.library import build
from swarm_workers.problems.research.corpus.packages import installed_packages
from swarm_workers.problems.research.corpus.python import python_documents
from tests.support.research import documents, make_library

LONG = "What is said here is long enough to be worth a document of its own. " * 20


def test_a_module_is_read_without_being_imported() -> None:
    source = f'"""{LONG}"""\nraise SystemExit\ndef go():\n    """Goes far."""\n'.encode()
    (found,) = documents_of("python", "trap", source)
    assert found.id == "python:trap"
    assert found.text.endswith("def go\n\nGoes far.")


def test_a_class_that_says_much_has_a_document_of_its_own() -> None:
    source = f'"""{LONG}"""\nclass Great:\n    """{LONG}"""\nclass _Own:\n    """{LONG}"""\n'
    ids = [each.id for each in documents_of("python", "m", source.encode())]
    assert ids == ["python:m", "python:m.Great"]


def test_what_does_not_parse_has_no_documents() -> None:
    assert documents_of("python", "m", b"def broken(:") == []
    assert documents_of("python", "m", b"\xff\xfe\x00") == []


def test_a_document_is_cut_at_a_paragraph() -> None:
    found = document("text", "long", "long", "\n\n".join(["word " * 99] * 100))
    assert found is not None
    assert len(found.text) <= CHARACTERS_MAX
    assert found.text.endswith("word")


def test_a_document_holds_only_what_a_database_takes() -> None:
    found = document("text", "odd", "odd", f"{LONG}\x00\ud800")
    assert found is not None
    assert "\x00" not in found.text
    found.text.encode()


def test_the_digest_tells_sets_of_documents_apart_and_not_their_order() -> None:
    some = documents()
    other = [Document(each.id, each.title, f"{each.text}.") for each in some]
    assert digest_of(some) == digest_of(reversed(some))
    assert digest_of(some) != digest_of(other)
    assert digest_of([Document("ab", "", "")]) != digest_of([Document("a", "b", "")])


def test_the_best_source_comes_first_and_ties_are_in_order_of_ids(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    assert library.rank(("ferry", "harb"), 5) == ("tale:00", "tale:06")
    assert sorted(library.rank(("ferry",), 99)) == [each.id for each in documents()]
    assert library.rank(("harb", "engine"), 9) == (), "no source uses both"
    assert library.rank((), 5) == ()
    assert library.rank(('"', "*"), 5) == (), "a term is a word, whatever it looks like"


def test_a_library_gives_back_what_was_put_in(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    assert library.documents() == documents()
    assert library.read("tale:03") == documents()[3]
    assert library.digest == digest_of(documents())
    assert library.spread(12, 12)["ferry"] == 12
    with pytest.raises(LookupError, match="tale:99"):
        library.read("tale:99")


def test_an_unfinished_library_is_never_seen(tmp_path: Path) -> None:
    def broken() -> list[Document]:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        build(tmp_path / "x.sqlite", broken())
    assert list(tmp_path.iterdir()) == []


def test_a_library_is_made_once_and_extended_by_what_a_person_names(tmp_path: Path) -> None:
    base = make_library(tmp_path)
    more = [Document("url:http://a.test/", "page", LONG)]
    extended = machine.extended_library(tmp_path, base, more)
    assert len(extended) == len(base) + 1
    (made,) = (tmp_path / "libraries").glob("*.sqlite")
    number = made.stat().st_ino
    again = machine.extended_library(tmp_path, base, more)
    assert again.digest == extended.digest == digest_of([*documents(), *more])
    assert made.stat().st_ino == number
    assert machine.extended_library(tmp_path, base, []) is base


def test_old_libraries_are_removed(tmp_path: Path) -> None:
    base = make_library(tmp_path)
    for number in range(machine.LIBRARIES_KEPT_MAX + 3):
        machine.extended_library(tmp_path, base, [Document(f"text:{number}", "", LONG)])
    assert len(list((tmp_path / "libraries").glob("*.sqlite"))) == machine.LIBRARIES_KEPT_MAX


def test_the_packages_are_those_that_the_project_needs() -> None:
    names = {each.metadata["Name"].lower() for each in installed_packages()}
    assert {"celery", "kombu", "vine", "redis"} <= names, "what it needs, and what that needs"
    assert not {"swarm-fleet", "ruff", "mypy"} & names


@pytest.mark.slow
def test_this_python_documents_itself() -> None:
    found = list(python_documents())
    ids = {each.id for each in found}
    assert {"python:asyncio.tasks", "python:json"} <= ids
    assert len(ids) == len(found) > 300
    assert "antigravity" not in sys.modules, "nothing is imported"

"""A small library whose facts are known: ferries, and what is said of them in a dozen sources."""

from pathlib import Path

from swarm_workers.problems.research.corpus import machine
from swarm_workers.problems.research.corpus.document import Document, document
from swarm_workers.problems.research.corpus.library import Library, build
from swarm_workers.problems.research.corpus.packages import installed_packages

ABOUT = ("harbour", "timetable", "captain", "engine", "cargo", "passenger")
FILLER = "Nothing else is said here that anybody would want to know about it at all. " * 4
SAME_EVERYWHERE = "Every ferry needs a harbour where it can spend the stormy night."


def fact(word: str, number: int) -> str:
    return f"In source {number} the ferry and its {word} are told about in one sentence."


def documents() -> list[Document]:
    """Two sources for each word, each with a fact of its own; the harbour's share one more."""
    made = []
    for number in range(2 * len(ABOUT)):
        word = ABOUT[number % len(ABOUT)]
        own = fact(word, number).replace(" are told", "\n    are told")
        shared = SAME_EVERYWHERE if word == "harbour" else ""
        text = f"{own} {shared}\n\n{FILLER}"
        made.append(document("tale", f"{number:02d}", f"tale {number}", text))
    return [each for each in made if each is not None]


def questions() -> tuple[str, ...]:
    return tuple(f"How does ferry go together with {word}?" for word in ABOUT)


FACTS = 2 * len(ABOUT) + 1


def make_library(folder: Path) -> Library:
    path = folder / "tales.sqlite"
    build(path, documents())
    return Library(path)


def stand_in_for_the_machines(home: Path) -> None:
    """Put the small library where workers with this state folder look for the machine's."""
    folder = home / "libraries"
    folder.mkdir(parents=True)
    fingerprint = machine._fingerprint(installed_packages())
    build(folder / f"machine-{fingerprint}.sqlite", documents())

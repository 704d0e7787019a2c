"""The pages of the reference that are made from the code."""

from tests.architecture.reference import commands, errors, settings, tables
from tests.architecture.tree import ROOT

FOLDER = ROOT / "docs" / "reference"
COMMAND = "make docs"
_NOTE = f"<!-- Made from the code by `{COMMAND}`; a test compares. Change the code instead. -->"


PAGES = {
    "cli.md": commands.render,
    "settings.md": settings.render,
    "errors.md": errors.render,
    "tables.md": tables.render,
}


def render(name: str) -> str:
    """Return the text of the page in this file of the folder."""
    return f"{_NOTE}\n{PAGES[name]().rstrip()}\n"

"""The pages of the reference that are made from the code."""

from tests.architecture.reference import commands, errors, settings, tables
from tests.architecture.tree import ROOT

FOLDER = ROOT / "docs" / "reference"
COMMAND = "make docs"
_NOTE = f"<!-- Made from the code by `{COMMAND}`; a test compares. Change the code instead. -->"


def render_all() -> dict[str, str]:
    """Return each page's text by the name of its file."""
    bodies = {
        "cli.md": commands.render(),
        "settings.md": settings.render(),
        "errors.md": errors.render(),
        "tables.md": tables.render(),
    }
    return {name: f"{_NOTE}\n{body.rstrip()}\n" for name, body in bodies.items()}

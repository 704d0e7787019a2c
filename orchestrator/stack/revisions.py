"""Which migrations this program brings, told without the cost of loading Alembic."""

from importlib.util import find_spec
from pathlib import Path


def migrations_folder() -> Path:
    """Return the folder that Alembic calls its script location."""
    package = find_spec("tasks_schema.migrations")
    assert package is not None, "the migrations are part of the package tasks_schema"
    assert package.origin is not None, "the migrations are a package with an __init__"
    return Path(package.origin).parent


def migrations_fingerprint() -> str:
    """Return what changes when the set of migrations does; costs one look into a folder."""
    return ",".join(sorted(path.stem for path in (migrations_folder() / "versions").glob("*.py")))

"""What runs under the repository's interpreter keeps to what the oldest one has."""

import ast
import sys
from pathlib import Path

import pytest

import swarm_workers.sandbox.inside
from swarm_workers.interpreter import VERSION_MIN

FILES = sorted(Path(swarm_workers.sandbox.inside.__file__).parent.glob("*.py"))
PYTEST_AND_ITS_OWN = {"pytest", "_pytest", "pluggy"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_parses_as_the_oldest_python(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=VERSION_MIN)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_imports_the_standard_library_and_its_siblings_only(path: Path) -> None:
    siblings = {file.stem for file in FILES}
    allowed = {*sys.stdlib_module_names, *siblings, *PYTEST_AND_ITS_OWN, "swarm_workers"}
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        assert {name.partition(".")[0] for name in names} <= allowed

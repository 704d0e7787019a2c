"""Every word that crosses a process is explained where a person would look it up."""

import ast
import importlib
import pkgutil
import re
from enum import Enum
from inspect import getmembers, isclass

import pytest

import tasks_schema.tables
from tasks_schema import kinds, names
from tasks_schema.tables.base import METADATA
from tests.architecture.tree import ROOT, modules

REFERENCE = ROOT / "docs" / "reference"
ENUMS = [
    found
    for _, found in getmembers(kinds, isclass)
    if issubclass(found, Enum) and found.__module__ == kinds.__name__
]
CONSTANTS = {key: value for key, value in vars(names).items() if key.isupper()}


def words_in_code(*pages: str) -> set[str]:
    """Return what stands between backticks in pages of the reference."""
    text = "".join((REFERENCE / page).read_text(encoding="utf-8") for page in pages)
    return set(re.findall(r"`([^`\n]+)`", text))


@pytest.mark.parametrize("enum", ENUMS)
def test_the_glossary_has_every_member_of_an_enum(enum: type[Enum]) -> None:
    missing = {str(member.value) for member in enum} - words_in_code("glossary.md")
    assert not missing, f"docs/reference/glossary.md lacks {sorted(missing)} of {enum.__name__}"


def test_the_page_of_tables_has_every_table() -> None:
    for module in pkgutil.iter_modules(tasks_schema.tables.__path__):
        importlib.import_module(f"tasks_schema.tables.{module.name}")
    assert len(METADATA.tables) > 10
    missing = set(METADATA.tables) - words_in_code("tables.md")
    assert not missing, f"docs/reference/tables.md lacks {sorted(missing)}"


@pytest.mark.parametrize("constant", CONSTANTS)
def test_the_catalogue_has_every_name_that_crosses_a_process(constant: str) -> None:
    value = CONSTANTS[constant]
    catalogue = re.findall(r"`([^`\n]+)`", names.__doc__ or "")
    assert any(
        entry in (value, f"{value}*") or entry.endswith(f":{value}") for entry in catalogue
    ), f"'{value}' ({constant}) is not in the docstring of tasks_schema/names.py"


def test_a_file_of_errors_draws_its_tree() -> None:
    files = [module for module in modules() if module.path.name == "errors.py"]
    assert len(files) >= 5
    absent = [
        f"{module.path}: {node.name}"
        for module in files
        for node in module.tree.body
        if isinstance(node, ast.ClassDef)
        and node.name.endswith("Error")
        and node.name not in (ast.get_docstring(module.tree) or "")
    ]
    assert not absent, f"not in the tree at the top of their file: {absent}"

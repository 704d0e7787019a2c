"""Commands that the documentation shows are ones that can be typed."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer

from orchestrator.cli.main import app
from orchestrator.settings import OrchestratorSettings
from swarm_workers.stm import Stm
from tests.architecture.tree import ROOT, pages

CODE = re.compile(r"^```sh\n(.*?)^```|`(swarm [^`\n]+)`", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|(?<= ))(?<!/swarm )swarm ([a-z]+)([^\n;|&#`]*)", re.MULTILINE)
SETTING = re.compile(r"SWARM_[A-Z_]+[A-Z]")
OTHER_VARIABLES = {"SWARM_PASSWORD", "SWARM_PROCESSES", "SWARM_JOB", "SWARM_RESULTS"}
"""Of `deploy/compose.yaml`; a beginning that stands for several settings; the name of a page."""
GROUP: Any = typer.main.get_command(app)


def shown(page: Path) -> Iterator[tuple[str, str]]:
    """Yield each command that a page shows, and the rest of its line."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    text = re.sub(r" # .*", "", text)
    for fence, span in CODE.findall(text):
        for found in COMMAND.finditer(fence or span):
            yield found[1], found[2]


def options_of(command: Any) -> set[str]:
    commands = getattr(command, "commands", {}).values()
    inner = {option for each in commands for option in options_of(each)}
    return inner | {option for each in command.params for option in each.opts} | {"--help"}


def test_commands_are_shown_at_all() -> None:
    assert len([command for page in pages() for command in shown(page)]) > 30


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_command_that_is_shown_has_its_options(page: Path) -> None:
    for name, rest in shown(page):
        assert name in GROUP.commands, f"there is no `swarm {name}`"
        unquoted = re.sub(r"\"[^\"]*\"|'[^']*'", "", rest)
        unknown = set(re.findall(r"(--[a-z-]+)", unquoted)) - options_of(GROUP.commands[name])
        assert not unknown, f"`swarm {name}` takes no {sorted(unknown)}"


def test_a_variable_that_is_named_is_a_setting() -> None:
    known = {f"SWARM_{name.upper()}" for name in OrchestratorSettings.model_fields}
    named = {
        (str(page.relative_to(ROOT)), variable)
        for page in pages()
        for variable in SETTING.findall(page.read_text(encoding="utf-8"))
    }
    assert len(named) > 20
    unknown = {each for each in named if each[1] not in known | OTHER_VARIABLES}
    assert not unknown, unknown


def test_the_example_of_shared_memory_runs() -> None:
    page = (ROOT / "docs" / "explanation" / "stm.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    stm = Stm.in_memory("auth-7k3f9q")
    names: dict[str, Any] = {"Stm": SimpleNamespace(connect=lambda _url, **_: stm), "url": ""}
    exec(example, names)
    assert names["job"] == "tests/test_words.py"
    assert stm.atomically(names["done"].get) == 1

"""Only the shared memory makes keys of a space; the outbox is read from where it comes out."""

import ast

import pytest

from tests.architecture.tree import modules

_MAY = ("swarm_workers/stm/", "swarm_workers/reporting/outbox.py", "orchestrator/bench/")


def _makes_key_of_space(node: ast.AST) -> bool:
    """Say whether it is a string such as `{<space>}:v:<name>`."""
    if not isinstance(node, ast.JoinedStr) or len(node.values) < 3:
        return False
    first, _, third = node.values[:3]
    is_open = isinstance(first, ast.Constant) and str(first.value).endswith("{")
    return is_open and isinstance(third, ast.Constant) and str(third.value).startswith("}:")


def test_nothing_but_the_shared_memory_makes_keys_of_a_space() -> None:
    makers = {
        str(module.path)
        for module in modules()
        for node in ast.walk(module.tree)
        if _makes_key_of_space(node)
    }
    assert "swarm_workers/stm/engines/keys.py" in makers, "the test finds what it looks for"
    assert not [each for each in makers if not each.startswith(_MAY)]


@pytest.mark.parametrize("text", ['f"{{{space}}}:v:x"', 'f"a{{{space}}}:{letter}:{name}"'])
def test_a_planted_key_is_found(text: str) -> None:
    assert any(map(_makes_key_of_space, ast.walk(ast.parse(text))))

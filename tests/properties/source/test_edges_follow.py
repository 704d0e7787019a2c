"""Edges kept up landing by landing are those of the whole tree, found anew."""

import random

import pytest

from tests.support.source_trees import MemoryTree

MODULES = ["pkg/__init__", "pkg/a", "pkg/b", "pkg/sub/__init__", "pkg/sub/c", "top", "lib/d"]
NAMES = ["f", "g", "h", "A", "B", "x"]


def path_of(chance: random.Random) -> str:
    return f"{chance.choice(MODULES)}.py"


def dotted(chance: random.Random) -> str:
    return chance.choice(MODULES).removesuffix("/__init__").replace("/", ".")


def import_line(chance: random.Random) -> str:
    name, module = chance.choice(NAMES), dotted(chance)
    return chance.choice(
        [
            f"import {module}",
            f"import {module} as {name}",
            f"from {module} import {name}",
            f"from {module} import {name} as {chance.choice(NAMES)}",
            f"from {module} import *",
            f"from {module} import make",
            f"from . import {chance.choice(['a', 'b', 'sub'])}",
            f"from .{chance.choice(['a', 'sub', 'sub.c'])} import {name}",
        ]
    )


def expression(chance: random.Random) -> str:
    found = chance.choice([*NAMES, dotted(chance), "self", "make()"])
    for _ in range(chance.randrange(3)):
        found += chance.choice([f".{chance.choice(NAMES)}", "()"])
    return found


def method(chance: random.Random, used: str) -> str:
    name, member = chance.choice(NAMES), chance.choice(NAMES)
    return f"def {member}(self, q: {name}):\n        self.x = q\n        self.{member}() + {used}"


def block(chance: random.Random) -> str:
    name, other = chance.choice(NAMES), chance.choice(NAMES)
    used = expression(chance)
    return chance.choice(
        [
            import_line(chance),
            import_line(chance),
            f"def {name}():\n    {import_line(chance).replace('*', 'f')}\n    return {used}",
            f"def {name}(p: {other}) -> {chance.choice(NAMES)}:\n    return p.{other}() + {used}",
            f"class {name}({other}):\n    y: {used} = {used}\n    {method(chance, used)}",
            f"class {name}:\n    def {other}(self) -> '{name}':\n        return self.x.{other}()",
            f"def make() -> {name}: return {used}",
            f"class {name}:\n    {method(chance, used)}",
            f"{name} = {used}",
            f"{used}",
            f"if {used}:\n    def {name}(): return {used}",
        ]
    )


def source(chance: random.Random) -> str:
    return "\n".join(block(chance) for _ in range(chance.randrange(1, 6))) + "\n"


def edited(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    match chance.randrange(3):
        case 0:
            lines[at:at] = block(chance).split("\n")
        case 1:
            del lines[at]
        case _:
            lines += [block(chance), ""]
    return "\n".join(lines)


def changed(chance: random.Random, files: dict[str, str]) -> dict[str, str | None]:
    path, other = path_of(chance), path_of(chance)
    if path not in files:
        return {path: source(chance)}
    match chance.randrange(6):
        case 0:
            return {path: None}
        case 1 if other not in files:
            return {path: None, other: files[path]}
        case 2:
            return {path: source(chance)}
    return {path: edited(chance, files[path])}


def followed(seed: int) -> tuple[int, int]:
    """Hold a tree through a dozen changes; return how many edges stayed, and how many did not."""
    chance = random.Random(seed)
    files = {path_of(chance): source(chance) for _ in range(6)}
    tree = MemoryTree.of(files)
    kept = renewed = 0
    for _ in range(12):
        changes = changed(chance, files)
        before = tree.edges
        tree.change(changes)
        files = {path: text for path, text in {**files, **changes}.items() if text is not None}
        assert tree.edges == tree.edges_from_scratch(), (seed, changes, files)
        kept += len(before & tree.edges)
        renewed += len(before ^ tree.edges)
    return kept, renewed


FOUND = [68, 276, 745, 1542, 2053]
"""Seeds that once found something to be missing."""


def test_edges_after_every_change_are_those_of_the_tree_as_it_is() -> None:
    counts = [followed(seed) for seed in [*range(30), *FOUND]]
    kept, renewed = (sum(each) for each in zip(*counts, strict=True))
    assert kept > 3 * renewed > 1_000, "the changes are too tame, or keep too little"


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_edges_after_thousands_of_changes_are_those_of_the_tree_as_it_is() -> None:
    for seed in range(5_000, 6_500):
        followed(seed)


def test_a_change_within_a_function_looks_at_no_other_file() -> None:
    files = {f"m{index}.py": "from core import f\ndef use():\n    f()\n" for index in range(9)}
    tree = MemoryTree.of({**files, "core.py": "def f():\n    return 1\ndef g(): pass\n"})
    made = tree.change({"core.py": "def f():\n    return g()\ndef g(): pass\n"})
    assert len(made) == 1
    assert tree.files_read == set()
    tree.change({"core.py": "def f():\n    return g()\ndef g(): pass\ndef h(): pass\n"})
    assert tree.files_read == set(), "nobody says h"
    tree.change({"core.py": "def f(a: h):\n    return g()\ndef g(): pass\nclass h: pass\n"})
    assert tree.files_read == set(), "and of f only what it gives back can be seen"
    tree.change({"core.py": "def f() -> h:\n    return g()\ndef g(): pass\nclass h: pass\n"})
    assert len(tree.files_read) == 9
    assert tree.edges == tree.edges_from_scratch()


def test_what_a_function_gives_back_changes_for_those_who_know_the_function_alone() -> None:
    core = "class Box:\n    {}\ndef make() -> Box: pass\n"
    user = "from core import make\nmake().opened()\n"
    tree = MemoryTree.of({"core.py": core.format("pass"), "user.py": user})
    made = tree.change({"core.py": core.format("def opened(self): pass")})
    assert [each.edge.kind for each in made if each.edge is not None] == ["calls"]
    assert tree.edges == tree.edges_from_scratch()

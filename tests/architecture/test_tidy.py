"""Files and functions of a size that a person takes in, and names that say something."""

import ast

from tests.architecture.tree import Module, modules

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
EXCEPTIONS = {("tasks_schema/migrations/versions/0001_the_first_tables.py", "upgrade")}
"""A migration is one list of statements; split in parts it would be harder to read."""
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
RE_EXPORTING = {"swarm_workers.stm"}
"""A library of its own, which has a front."""

NAMES = {module.name for module in modules()}


def test_the_packages_were_found() -> None:
    assert {"tasks_schema.names", "swarm_workers.attempt.run", "orchestrator.cli.main"} <= NAMES


def test_a_file_is_not_longer_than_its_cap() -> None:
    long = {str(each.path): each.lines for each in modules() if each.lines > FILE_LINES_MAX}
    assert not long, f"split {long}"


def test_no_function_is_longer_than_its_cap() -> None:
    long = [
        f"{module.path}:{function.lineno} {function.name} has {length} lines"
        for module in modules()
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and (str(module.path), function.name) not in EXCEPTIONS
        and (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert not long, long


def test_a_modules_name_says_what_it_holds() -> None:
    empty = [name for name in NAMES if EMPTY_NAMES & set(name.split("."))]
    assert not empty, f"{empty} could hold anything; name what they hold"


def test_a_module_has_a_docstring() -> None:
    silent = [str(module.path) for module in modules() if not ast.get_docstring(module.tree)]
    assert not silent, silent


def test_a_package_holds_no_code_beside_its_modules() -> None:
    inits = [module for module in modules() if module.is_init and module.name not in RE_EXPORTING]
    assert len(inits) > 20
    full = [str(module.path) for module in inits if len(module.tree.body) != 1]
    assert not full, f"{full} hold more than a docstring"


def test_no_module_imports_what_its_own_package_re_exports() -> None:
    """Such an import goes in a circle: up to the front of the package and down again."""
    found = [line for module in modules() if not module.is_init for line in circles(module)]
    assert not found, found


def circles(module: Module) -> list[str]:
    parts = module.package.split(".")
    fronts = {".".join(parts[: count + 1]) for count in range(len(parts))}
    return [
        f"{module.path}:{taken.lineno} takes {alias.name} from {taken.module}"
        for taken in ast.walk(module.tree)
        if isinstance(taken, ast.ImportFrom) and taken.module in fronts
        for alias in taken.names
        if f"{taken.module}.{alias.name}" not in NAMES
    ]


IMPURE = {
    "redis", "sqlalchemy", "psycopg", "celery", "kombu", "httpx", "urllib", "socket", "subprocess",
    "os", "shutil", "tempfile", "threading", "time", "random", "secrets",
}  # fmt: skip


def test_a_module_that_calls_itself_pure_imports_nothing_that_acts() -> None:
    pure = [
        module
        for module in modules()
        if "Pure: no I/O, no clock, no chance." in (ast.get_docstring(module.tree) or "")
    ]
    assert len(pure) > 20
    taken = {str(module.path): IMPURE & imported(module) for module in pure}
    assert not any(taken.values()), {path: names for path, names in taken.items() if names}


def imported(module: Module) -> set[str]:
    """Return the topmost names of what a module imports, wherever in it."""
    nodes = list(ast.walk(module.tree))
    plain = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    named = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in plain + named}

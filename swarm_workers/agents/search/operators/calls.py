"""Another call: a sibling function, other arguments, the call left out, or a call put around.

Pure: no I/O, no clock, no chance.
"""

import ast
from collections.abc import Iterator

from swarm_workers.agents.search.scope import Function
from swarm_workers.agents.search.sites import Proposal, Site

_SIBLINGS = (
    "any all", "min max", "lower upper casefold title capitalize", "strip lstrip rstrip",
    "append extend add insert", "floor ceil round trunc int", "startswith endswith",
    "find rfind index", "rindex index", "split rsplit splitlines partition rpartition",
    "removeprefix removesuffix lstrip rstrip", "keys values items", "sorted list reversed tuple",
    "set list frozenset", "str repr", "int float", "sum len max", "match search fullmatch findall",
    "union intersection difference symmetric_difference update", "discard remove pop",
    "ljust rjust center zfill", "popleft pop", "appendleft append",
    "isdigit isnumeric isdecimal isalnum isalpha",
    "islower isupper", "get pop setdefault", "dirname basename", "join format", "replace sub",
    "sort reverse", "bisect_left bisect_right", "encode decode", "dumps loads", "abs int",
    "range enumerate len", "sub subn", "islice takewhile dropwhile", "exists isfile isdir",
    "is_file is_dir exists", "issubclass isinstance", "getattr hasattr", "now utcnow",
    "days seconds total_seconds", "hexdigest digest", "combinations permutations",
    "product permutations", "heappush heappop", "mean median", "nsmallest nlargest",
    "zip zip_longest",
    "monotonic time", "quote unquote", "clear copy", "copy deepcopy", "read readline readlines",
)  # fmt: skip
_KEYWORDS = {
    "sorted": ("reverse=True", "key=len", "key=str.lower"), "sort": ("reverse=True",),
    "min": ("default=None", "default=0"), "max": ("default=None", "default=0"),
    "rsplit": ("maxsplit=1",), "enumerate": ("start=1",), "zip": ("strict=True",),
    "compile": ("re.IGNORECASE", "re.MULTILINE", "re.DOTALL"), "dumps": ("sort_keys=True",),
    "open": ('encoding="utf-8"',), "splitlines": ("keepends=True",),
    "parse_qsl": ("keep_blank_values=True",),
    "makedirs": ("exist_ok=True",), "mkdir": ("exist_ok=True", "parents=True"), "round": ("2",),
    "print": ('end=""',), "get": ("0", '""', "None", "[]", "{}", "False", "True"),
    "getattr": ("None",), "pop": ("None", "0", "-1"), "next": ("None",), "sum": ("0",),
    "replace": ("1",),
    "int": ("16", "2", "10"), "strip": ('"/"', '"\\n"', '" "'), "rstrip": ('"/"', '"\\n"', '"0"'),
    "lstrip": ('"/"', '"0"'), "split": ('","', '" "', '"\\n"', "maxsplit=1"),
}  # fmt: skip


def _table() -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for group in _SIBLINGS:
        names = group.split()
        for name in names:
            table.setdefault(name, []).extend(n for n in names if n != name)
    return table


_INSTEAD = _table()


def propose(site: Site) -> Iterator[Proposal]:
    """Yield other calls in place of one."""
    node = site.node
    if not isinstance(node, ast.Call):
        return
    name = _callee(node)
    yield from _siblings(site, node, name)
    yield from _unwrapped(site, node)
    yield from _arguments(site, node)
    yield from _added(site, node, name)


def _callee(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _siblings(site: Site, node: ast.Call, name: str) -> Iterator[Proposal]:
    for other in _INSTEAD.get(name, ()):
        if isinstance(node.func, ast.Attribute):
            end = site.file.span(node.func)[1]
            yield Proposal(end - len(name), end, other, "call swap", 0.7)
        else:
            yield site.replace(other, "call swap", 0.7, node.func)


def _unwrapped(site: Site, node: ast.Call) -> Iterator[Proposal]:
    for argument in node.args[:3]:
        if not isinstance(argument, ast.Starred):
            yield site.replace(site.text_of(argument), "call left out", 0.45)
    if isinstance(node.func, ast.Attribute):
        yield site.replace(site.text_of(node.func.value), "call left out", 0.5)
    yield site.replace(site.text_of(node.func), "call left out", 0.25)


def _arguments(site: Site, node: ast.Call) -> Iterator[Proposal]:
    given: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    given.sort(key=lambda argument: (argument.lineno, argument.col_offset))
    for first, second in zip(node.args, node.args[1:], strict=False):
        yield _swapped(site, first, second)
    for at, argument in enumerate(given):
        start, end = site.file.span(argument)
        if at + 1 < len(given):
            end = site.file.span(given[at + 1])[0]
        elif at:
            start = site.file.span(given[at - 1])[1]
        yield Proposal(start, end, "", "argument left out", 0.45)


def _swapped(site: Site, first: ast.expr, second: ast.expr) -> Proposal:
    start, end = site.file.span(first)[0], site.file.span(second)[1]
    between = site.file.text[site.file.span(first)[1] : site.file.span(second)[0]]
    text = f"{site.text_of(second)}{between}{site.text_of(first)}"
    return Proposal(start, end, text, "argument swap", 0.7)


def _added(site: Site, node: ast.Call, name: str) -> Iterator[Proposal]:
    """One argument more: what the function has a parameter for, or what others give it."""
    present = {keyword.arg for keyword in node.keywords}
    for text, prior in _new_arguments(site, node, name):
        if text.partition("=")[0] not in present:
            yield _with_argument(site, node, text, prior)


def _new_arguments(site: Site, node: ast.Call, name: str) -> Iterator[tuple[str, float]]:
    for text in _KEYWORDS.get(name, ()):
        yield text, 0.4
    for text in site.around.keywords.get(name, ()):
        yield text, 0.5
    function = site.around.functions.get(name) or site.around.functions.get("__init__")
    if function is not None and (name in site.around.functions or name in site.around.classes):
        yield from _missing_parameters(site, node, function)
    for variable in site.scope.variables:
        if variable != "self":
            yield variable, 0.3


def _missing_parameters(
    site: Site, node: ast.Call, function: Function
) -> Iterator[tuple[str, float]]:
    every = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
    names = [argument.arg for argument in every if argument.arg not in ("self", "cls")]
    for parameter in names[len(node.args) :]:
        if parameter in site.scope.variables:
            yield f"{parameter}={parameter}", 0.75
        if parameter in site.scope.attributes.get("self", ()):
            yield f"{parameter}=self.{parameter}", 0.65
        for text in ("True", "False", "None"):
            yield f"{parameter}={text}", 0.4


def _with_argument(site: Site, node: ast.Call, text: str, prior: float) -> Proposal:
    given = [*node.args, *node.keywords]
    if given:
        end = max(site.file.span(argument)[1] for argument in given)
        return Proposal(end, end, f", {text}", "argument added", prior)
    end = site.span[1] - 1
    return Proposal(end, end, text, "argument added", prior)

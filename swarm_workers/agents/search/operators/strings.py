"""Another text: one used nearby, a character more or less, another case, a pattern's fine print.

Pure: no I/O, no clock, no chance.
"""

import ast
import re
from collections.abc import Iterator

from swarm_workers.agents.search.sites import Proposal, Site

_QUOTED = re.compile(r"""(?s)([rRbBuU]{0,2})('''|\"\"\"|'|")(.*)\2""")
_PATTERN_CALLS = frozenset(
    ["compile", "match", "search", "fullmatch", "findall", "finditer", "sub", "subn", "split"]
)  # fmt: skip
_ENDS = (" ", "s", "\\n", "/", ".", ",", ":", "-", "_", "$", "?", "*", "+", "0", "!", "=", "'")
_CLASSES = ((r"\d", r"\w"), (r"\w", r"\d"), (r"\s", r"\S"), (r"\S", r"\s"), (r"\w", r"[\w-]"),
            (r"\w", r"[\w.]"), (r"\b", ""), (r"\s", " "), (r"a-z", r"a-zA-Z"), (r"A-Z", r"A-Za-z"),
            (r"a-zA-Z", r"a-zA-Z0-9"), (r"0-9", r"0-9."))  # fmt: skip
_EDITED_CHARACTERS_MAX = 40


def propose(site: Site) -> Iterator[Proposal]:
    """Yield other texts in place of a quoted one."""
    if not isinstance(site.node, ast.Constant) or not isinstance(site.node.value, str | bytes):
        return
    found = _QUOTED.fullmatch(site.source)
    if found is None or _is_docstring(site):
        return
    prefix, quote, body = found.groups()
    for other, prior in _other_bodies(site, body, is_raw="r" in prefix.lower()):
        if "\n" not in other or len(quote) == 3:
            yield site.replace(f"{prefix}{quote}{other}{quote}", "string", prior)
    for text in site.scope.strings:
        yield site.replace(text, "string", 0.5)
    for text in site.around.strings:
        yield site.replace(text, "string", 0.3)
    yield site.replace("None", "string", 0.25)


def _is_docstring(site: Site) -> bool:
    return isinstance(site.parent, ast.Expr)


def _other_bodies(site: Site, body: str, *, is_raw: bool) -> Iterator[tuple[str, float]]:
    yield from _trimmed(body)
    for change in (str.lower, str.upper, str.title, str.strip):
        if change(body) != body:
            yield change(body), 0.45
    for end in _ENDS:
        yield body + end, 0.4 if end == " " else 0.25
    yield " " + body, 0.3
    yield "^" + body, 0.2
    for old, new in (("_", "-"), ("-", "_"), (" ", "_"), (", ", ","), (",", ", "), ("/", "\\\\")):
        if old in body:
            yield body.replace(old, new), 0.35
    if is_raw or _is_pattern(site):
        yield from _patterns(body)


def _trimmed(body: str) -> Iterator[tuple[str, float]]:
    if not body:
        yield from ((text, 0.5) for text in (" ", ", ", "\\n", ",", "0", "-", "_", "/"))
        return
    yield "", 0.45
    yield body[:-1], 0.45
    yield body[1:], 0.45
    for at in range(1, min(len(body), _EDITED_CHARACTERS_MAX) - 1):
        yield body[:at] + body[at + 1 :], 0.25
    for at in range(min(len(body), _EDITED_CHARACTERS_MAX) - 1):
        if body[at] != body[at + 1]:
            yield body[:at] + body[at + 1] + body[at] + body[at + 2 :], 0.25


def _is_pattern(site: Site) -> bool:
    parent = site.parent
    return (
        isinstance(parent, ast.Call)
        and isinstance(parent.func, ast.Attribute)
        and parent.func.attr in _PATTERN_CALLS
    )


def _patterns(body: str) -> Iterator[tuple[str, float]]:
    """Another repetition, anchor, class or escape in a regular expression."""
    for at in range(min(len(body), _EDITED_CHARACTERS_MAX)):
        yield from _pattern_character(body[:at], body[at], body[at + 1 :])
    yield f"^{body}", 0.45
    yield f"{body}$", 0.45
    yield rf"\b{body}\b", 0.35
    yield f"(?i){body}", 0.3
    for old, new in _CLASSES:
        for found in re.finditer(re.escape(old), body):
            yield body[: found.start()] + new + body[found.end() :], 0.4


def _pattern_character(before: str, character: str, after: str) -> Iterator[tuple[str, float]]:
    if character in "+*?" and before:
        for instead in ("+", "*", "?", "+?", "*?", "{2}"):
            yield before + instead + after, 0.5
    if character in ".^$|()[]" and not before.endswith("\\"):
        yield f"{before}\\{character}{after}", 0.45
    if character in ")]" or before.endswith("\\"):
        for repetition in "?*+":
            yield before + character + repetition + after, 0.4

"""What the documentation points to is there, and nothing here points to one machine."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.architecture.tree import ROOT, pages, tracked

LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
MACHINE = re.compile(
    r"(?<![\w.-])/(?:root|home/(?P<user>[\w-]+)|tmp/(?:lead|docs|brief)\w*)(?=/|\b)"
)
USERS_OF_OUR_OWN = {"swarm"}
"""Homes inside images that this repository builds."""
INDEX = re.compile(
    r"https?://[\w.-]*(?:pypi|pythonhosted)[\w.-]*|https?://\S+/simple\b"
    r"|--(?:extra-)?index-url[ =]",
    re.IGNORECASE,
)
LOCKS = ("requirements.lock", "requirements-dev.lock")


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def heading_anchor(heading: str) -> str:
    words = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return words.replace(" ", "-")


def anchors(page: Path) -> set[str]:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return {heading_anchor(found) for found in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("page", pages(), ids=short)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in LINK.findall(text):
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        assert target.exists(), f"{short(page)} links to {link}, which is not there"
        if parts.fragment:
            assert parts.fragment in anchors(target), f"{short(page)}: no heading for {link}"


def promised_tests() -> list[str]:
    """Return the second column of the README's table of promises, path by path."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## What is promised")[2]
    rows = re.findall(r"^\|[^|]+\|([^|]+)\|$", section.partition("\n## ")[0], re.MULTILINE)
    return [path for row in rows for path in re.findall(r"`([^`]+)`", row)]


def test_the_readme_names_tests_for_its_promises() -> None:
    assert len(promised_tests()) >= 7


@pytest.mark.parametrize("path", sorted(set(promised_tests())))
def test_a_promise_names_tests_that_are_there(path: str) -> None:
    named = ROOT / path
    files = [named] if named.is_file() else list(named.glob("**/test_*.py"))
    assert files, f"README.md promises what '{path}' tests, and there is no such test"
    assert any("def test_" in file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize("page", pages(), ids=short)
def test_every_path_of_the_repository_that_a_page_names_is_there(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    roots = "tests|docs|examples|deploy|orchestrator|swarm_workers|tasks_schema"
    for path in re.findall(rf"`((?:{roots})/[\w./-]*)`", text):
        assert (ROOT / path).exists(), f"{short(page)} names '{path}', which is not there"
    for path, test in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text):
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path} lacks {test}"


def test_no_file_names_a_place_on_one_machine() -> None:
    named = [
        f"{short(file)}: {found[0]}"
        for file in tracked()
        for found in MACHINE.finditer(text_of(file))
        if found["user"] not in USERS_OF_OUR_OWN
    ]
    assert not named, named


def test_no_file_names_a_package_index() -> None:
    named = [f"{short(file)}: {hit}" for file in tracked() for hit in INDEX.findall(text_of(file))]
    assert not named, named


@cache
def text_of(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "replace")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_pins_every_package_by_digest_and_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    pins = re.split(r"\n(?=\S)", text.strip())
    assert len(pins) > 5
    for pin in pins:
        assert re.match(r"[\w.\[\],-]+==\S+", pin), f"{name}: '{pin.splitlines()[0]}' is no pin"
        assert "--hash=sha256:" in pin, f"{name}: '{pin.splitlines()[0]}' has no digest"

import ast
from pathlib import Path

import pytest

from swarm_workers.agents.research.report import (
    BYTES_MAX,
    SENTENCES_MAX,
    Material,
    Section,
    Sentence,
    Support,
)
from swarm_workers.problems.research import checking
from swarm_workers.problems.research.checking import check_report

TEXTS = {"a": 'It says "yes"\n  and more.', "b": "The same: [1] again\u2028here."}


def read(source: str) -> str:
    return TEXTS[source]


def material() -> Material:
    supports = (Support("a", 'says "yes"\n  and'), Support("b", "[1] again\u2028here"))
    sentence = Sentence("It says yes, and more, as in [7].", supports)
    return Material("talk", (Section("What is said?", (sentence,)),), ("What is not?",))


def test_every_sentence_of_a_report_cites_what_it_rests_on() -> None:
    page = material().as_markdown()
    assert "- It says yes, and more, as in [7]. [1][2]" in page
    assert "## What was not found\n\n- What is not?" in page
    found = check_report(page, read)
    assert (found.sentences, found.quotations, found.faults) == (1, 2, ())


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('and"', 'und"', "does not stand in 'a'"),
        ("`b`", "`c`", "no source 'c'"),
        (" [1][2]", "", "cites no source"),
        ("[1][2]", "[1][3]", "source [3] is cited and not listed"),
        ("[2] `b`:", "[2] b", "no source can be made out"),
    ],
)
def test_a_report_that_does_not_hold_is_found_out(old: str, new: str, complaint: str) -> None:
    page = material().as_markdown()
    assert old in page
    assert any(complaint in fault for fault in check_report(page.replace(old, new), read).faults)


def test_a_report_has_a_bounded_size_and_says_what_it_leaves_out() -> None:
    many = tuple(
        Sentence(f"Sentence {n} of very many.", (Support("a", f"{n} " + "words " * 60),))
        for n in range(SENTENCES_MAX * 3)
    )
    page = Material("much", (Section("What?", many),)).as_markdown()
    assert len(page.encode()) <= BYTES_MAX + 2000
    assert "more facts were found than there is room for" in page
    assert (
        check_report(page, lambda _: " ".join(each.supports[0].quotation for each in many)).faults
        == ()
    )


def test_the_checker_shares_no_code_with_those_whom_it_checks() -> None:
    tree = ast.parse(Path(checking.__file__).read_text())
    taken = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} | {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert taken == {"json", "re", "collections.abc", "dataclasses"}

"""Which of the facts that an agent states count: those whose quotation stands in the source.

Pure: no I/O, no clock, no chance.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from swarm_workers.agents.research.view import FACTS_MAX, QUESTIONS_MAX, Claim, Finding, Reading
from swarm_workers.agents.research.words import TERMS_NEEDED, Question, asked
from swarm_workers.problems.research.records import Fact

CHARACTERS_MIN = 30
"""Of a quotation: less supports nothing."""
CHARACTERS_MAX = 500
"""Of a quotation or a statement: more is no single fact."""
QUESTION_CHARACTERS_MAX = 200
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Judged:
    """What counts of one reading."""

    facts: tuple[Fact, ...] = ()
    questions: tuple[Question, ...] = ()
    refused: int = 0
    """Facts that were stated and do not count."""


def judge(finding: Finding, reading: Reading) -> Judged:
    """Return what of a finding the source supports; no more than one reading may bring."""
    stated = finding.claims[:FACTS_MAX]
    facts = tuple(_fact(each, reading) for each in stated if _is_supported(each, reading))
    raised = (each.text for each in finding.questions[:QUESTIONS_MAX])
    depth = reading.question.depth + 1
    questions = tuple(asked(text, depth) for text in raised if len(text) <= QUESTION_CHARACTERS_MAX)
    return Judged(facts, tuple(each for each in questions if each.terms), len(stated) - len(facts))


def fact_key(quotation: str) -> str:
    """Return what quotations have in common that differ in nothing but signs and spaces."""
    words = " ".join(_WORD.findall(quotation.lower()))
    return sha256(words.encode()).hexdigest()[:16]


def _fact(claim: Claim, reading: Reading) -> Fact:
    key = fact_key(claim.quotation)
    return Fact(key, reading.source, claim.statement[:CHARACTERS_MAX], claim.quotation)


def _is_supported(claim: Claim, reading: Reading) -> bool:
    """Say whether the quotation is verbatim, of a fair size, and about the question."""
    if not CHARACTERS_MIN <= len(claim.quotation) <= CHARACTERS_MAX or not claim.statement:
        return False
    return claim.quotation in reading.text and _is_about(claim.quotation, reading.question)


def _is_about(quotation: str, question: Question) -> bool:
    words = set(_WORD.findall(quotation.lower()))
    used = sum(any(word.startswith(term) for word in words) for term in question.terms)
    return used >= min(TERMS_NEEDED, len(question.terms))

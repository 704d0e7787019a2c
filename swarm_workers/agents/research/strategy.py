"""The researcher as the fleet runs it: one source is read for one question a turn.

A language model takes the same seat: `Reading.as_prompt()` in, a `Finding` out.
"""

from collections.abc import Iterator

from swarm_workers.agents.research.raising import raised
from swarm_workers.agents.research.sentences import answers, plain
from swarm_workers.agents.research.view import FACTS_MAX, Claim, Finding, Reading
from swarm_workers.protocols import Turn


class ResearchAgent:
    """Takes the sentences that answer the question, and asks about what they mention."""

    def propose(self, view: Reading | None, turn: Turn) -> Iterator[Finding]:  # noqa: ARG002 - reading leaves nothing to chance
        """Yield what one reading finds; nothing if there is nothing to read."""
        if view is None:
            return
        yield read(view)


def read(view: Reading) -> Finding:
    """Return the facts of a source that are not known yet, and the questions that they raise."""
    found = answers(view.text, view.question.terms)
    new = list(dict.fromkeys(each for each in found if " ".join(each.split()) not in view.known))
    kept = new[:FACTS_MAX]
    claims = tuple(Claim(statement=plain(each), quotation=each) for each in kept)
    questions = raised(view.question, kept, view.rarity, view.open_questions)
    return Finding(claims, questions)

"""Check a history: is it strictly serializable, and if not, why?

    report = check(history)
    assert report.is_clean, report

Sound: every finding is an anomaly of this history. Not promised: that there is none where none is
found. A value that nobody reads proves nothing, so end a run by one read of every key.

Pure: no I/O, no clock, no chance.
Source: A. Adya, Weak consistency, 1999 (the names); K. Kingsbury and P. Alvaro, Elle, VLDB 2020.
"""

from tests.support.elle.cycles import find_cycles
from tests.support.elle.dependencies import draw
from tests.support.elle.evidence import Evidence, gather, unknown
from tests.support.elle.history import History
from tests.support.elle.report import Report


def check(history: History) -> Report:
    """Return every anomaly that reads can show, and what became of unknown outcomes. O(n).

    Args:
        history: in any order; the places in it name the transactions.

    Raises:
        MalformedHistoryError: two appends to one key have the same value.
    """
    evidence = gather(history)
    graph = draw(evidence)
    findings = (*evidence.findings, *find_cycles(graph))
    open_ones = [each for each in unknown(history) if each not in evidence.effective]
    absent = [each for each in open_ones if _is_read_after(evidence, each)]
    return Report(
        history,
        findings,
        committed=len(evidence.effective),
        found_committed=tuple(each for each in unknown(history) if each in evidence.effective),
        found_absent=tuple(absent),
        unresolved=tuple(each for each in open_ones if each not in absent),
    )


def _is_read_after(evidence: Evidence, number: int) -> bool:
    """Say whether a whole key that a transaction appends to was read after it was sent.

    That nothing of it is still on its way is for whoever made the history to ensure.
    """
    transaction = evidence.history[number]
    readers = [evidence.latest_reader.get(append.key) for append in transaction.appends()]
    return not readers or any(
        reader is not None and evidence.history[reader].invoked_at > transaction.invoked_at
        for reader in readers
    )

"""What a history says, put in order: who wrote what, who saw what, and who took effect.

Pure: no I/O, no clock, no chance.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.elle.history import History, MalformedHistoryError, Outcome
from tests.support.elle.report import Anomaly, Finding
from tests.support.elle.sights import Sight, testimony
from tests.support.elle.versions import Versions


@dataclass(slots=True)
class Evidence:
    """The history, indexed."""

    history: History
    writer: dict[tuple[str, int], int] = field(default_factory=dict)
    """Who appends a value to a key, whether or not that took effect."""
    appended: dict[tuple[int, str], tuple[int, ...]] = field(default_factory=dict)
    """What a transaction appends to a key, in order."""
    sights: dict[str, list[Sight]] = field(default_factory=dict)
    """By key: what committed transactions saw."""
    versions: dict[str, Versions] = field(default_factory=dict)
    seen: set[tuple[str, int]] = field(default_factory=set)
    """Every value that a committed transaction saw."""
    latest_reader: dict[str, int] = field(default_factory=dict)
    """By key: of the transactions that viewed all of it, the one that was invoked last."""
    missing: dict[str, list[int]] = field(default_factory=dict)
    """By key: values that took effect and that are in no whole view, but may still come."""
    open_count: Counter[str] = field(default_factory=Counter)
    """By key: appends of unknown outcome that nobody saw; a count may still include them."""
    effective: set[int] = field(default_factory=set)
    """Transactions that took effect."""
    findings: list[Finding] = field(default_factory=list)

    def effective_writer(self, key: str, value: int) -> int | None:
        """Return who wrote a value; None if nobody did, or one whose write is void."""
        writer = self.writer.get((key, value))
        return writer if writer in self.effective else None


def gather(history: History) -> Evidence:
    """Return the history in order, with every anomaly that needs no graph.

    Raises:
        MalformedHistoryError: two appends to one key have the same value.
    """
    evidence = Evidence(history)
    _index_appends(evidence)
    _hear(evidence)
    for key, sights in evidence.sights.items():
        evidence.versions[key] = Versions(sights)
        _check_order(evidence, key)
    _settle_outcomes(evidence)
    _find_lost(evidence)
    return evidence


def unknown(history: History) -> list[int]:
    """Return the transactions whose client never learned the outcome."""
    return [i for i, each in enumerate(history) if each.outcome is Outcome.UNKNOWN]


def _index_appends(evidence: Evidence) -> None:
    for number, transaction in enumerate(evidence.history):
        appended: dict[str, list[int]] = defaultdict(list)
        for append in transaction.appends():
            first = evidence.writer.setdefault((append.key, append.value), number)
            if first != number or append.value in appended[append.key]:
                raise MalformedHistoryError(append, first, number)
            appended[append.key].append(append.value)
        for key, values in appended.items():
            evidence.appended[number, key] = tuple(values)


def _hear(evidence: Evidence) -> None:
    sights: dict[str, list[Sight]] = defaultdict(list)
    for number, transaction in enumerate(evidence.history):
        if transaction.outcome is not Outcome.COMMITTED:
            continue
        told = testimony(number, transaction)
        for reason in told.contradictions:
            evidence.findings.append(Finding(Anomaly.INTERNAL, (number,), (reason,)))
        for key, sight in told.sights.items():
            sights[key].append(sight)
    evidence.sights = dict(sights)


def _check_order(evidence: Evidence, key: str) -> None:
    versions = evidence.versions[key]
    for one, other, text in versions.contradictions:
        finding = Finding(Anomaly.INCOMPATIBLE, (one, other), (f"{key}: {text}",))
        evidence.findings.append(finding)
    for reader, values in _distinct_reads(evidence, key):
        _check_values(evidence, key, reader, values)
    for sight in evidence.sights[key]:
        _check_probes(evidence, sight)


def _distinct_reads(evidence: Evidence, key: str) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield reads that together hold every value that was read."""
    versions = evidence.versions[key]
    if versions.order_reader is not None:
        yield versions.order_reader, versions.values
    yield from versions.odd_reads


def _check_values(evidence: Evidence, key: str, reader: int, values: tuple[int, ...]) -> None:
    for value in dict.fromkeys(values):
        _note_seen(evidence, key, value, reader)
    if len(set(values)) < len(values):
        twice = sorted({value for value in values if values.count(value) > 1})
        for value in twice:
            writer = evidence.writer.get((key, value))
            who = (reader,) if writer is None else (reader, writer)
            reason = f"T{reader} read {value} in {key} {values.count(value)} times"
            evidence.findings.append(Finding(Anomaly.DUPLICATE, who, (reason,)))


def _check_probes(evidence: Evidence, sight: Sight) -> None:
    for value, is_there in sight.probes.items():
        if is_there:
            _note_seen(evidence, sight.key, value, sight.reader)


def _note_seen(evidence: Evidence, key: str, value: int, reader: int) -> None:
    if (key, value) in evidence.seen:
        return
    evidence.seen.add((key, value))
    writer = evidence.writer.get((key, value))
    if writer is None:
        reason = f"T{reader} saw {value} in {key}, which nobody appended"
        evidence.findings.append(Finding(Anomaly.GARBAGE, (reader,), (reason,)))
    elif evidence.history[writer].outcome is Outcome.ABORTED:
        reason = f"T{reader} saw {value} in {key}, which T{writer} appended, and T{writer} aborted"
        evidence.findings.append(Finding(Anomaly.G1A, (reader, writer), (reason,)))


def _settle_outcomes(evidence: Evidence) -> None:
    """Decide who took effect: whoever says so, and of the unknown those who were seen."""
    seen_writers = {evidence.writer[each] for each in evidence.seen if each in evidence.writer}
    for number, transaction in enumerate(evidence.history):
        is_found = transaction.outcome is Outcome.UNKNOWN and number in seen_writers
        if transaction.outcome is Outcome.COMMITTED or is_found:
            evidence.effective.add(number)


def _find_lost(evidence: Evidence) -> None:
    """Tell appends that a later read lacks from those that nobody has had a chance to see."""
    history = evidence.history
    for key, sights in evidence.sights.items():
        whole = [s.reader for s in sights if s.sequence is not None or s.members is not None]
        if whole:
            evidence.latest_reader[key] = max(whole, key=lambda each: history[each].invoked_at)
    for (key, value), writer in evidence.writer.items():
        if history[writer].outcome is Outcome.UNKNOWN and writer not in evidence.effective:
            evidence.open_count[key] += 1
        if writer not in evidence.effective or key not in evidence.versions:
            continue
        if evidence.versions[key].has(value):
            continue
        reader = evidence.latest_reader.get(key)
        if reader is not None and _is_before(history, writer, reader):
            reason = f"T{writer} appended {value} to {key} and was over before T{reader} began, "
            reason += "which does not see it"
            evidence.findings.append(Finding(Anomaly.LOST, (writer, reader), (reason,)))
        else:
            evidence.missing.setdefault(key, []).append(value)


def _is_before(history: History, one: int, other: int) -> bool:
    completed_at = history[one].completed_at
    return completed_at is not None and completed_at < history[other].invoked_at

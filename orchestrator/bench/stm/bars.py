"""The promises of the transactions, and whether they hold.

Pure: no I/O, no clock, no chance. Ratios are those of one run, taken turn by turn; "helper" is the
usual client's `transaction()`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.bench.report import Bar
from orchestrator.bench.stm import names, plan
from orchestrator.bench.stm.faults import Cuts
from orchestrator.bench.stm.figures import Measurement, Slice, ratio


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was measured."""

    flights: list[dict[str, object]]
    cuts: list[Cuts]
    found: dict[str, Measurement]
    lost: dict[str, int]
    """Updates that are missing in the end, by space."""

    def as_rows(self) -> Iterator[dict[str, object]]:
        """Yield the raw figures."""
        yield from self.flights
        yield from (cut.as_row() for cut in self.cuts)
        yield from (each.as_row(name) for name, each in self.found.items())
        yield from (
            {"measurement": f"additions lost in all runs, {space}", "lost": count}
            for space, count in self.lost.items()
        )


def judge(evidence: Evidence) -> Iterator[Bar]:
    """Yield the bars, in the order of the list of promises."""
    for bars in (
        _flights, _near_and_far, _loopback, _hot, _bank, _counter, _overhead, _wake_ups,
        _zeros, _record, _coroutines,
    ):  # fmt: skip
        yield from bars(evidence)


def _flights(evidence: Evidence) -> Iterator[Bar]:
    count = len(evidence.flights)
    held = sum(bool(row["held"]) for row in evidence.flights)
    yield Bar("1 flights as tabled, shapes", f"= {count}", held, held == count)


def _near_and_far(evidence: Evidence) -> Iterator[Bar]:
    for far in plan.ROUND_TRIPS_MS[1:]:
        helper = names.single(far, "helper", 1)
        at = f"{far} ms"
        yield _least(
            evidence, f"2 {at}, 1 key, over helper", 1.4, names.single(far, "ours", 1), helper
        )
        yield _least(
            evidence, f"2 {at}, 10 keys, over helper with GET each", 5.0,
            names.single(far, "ours", 10), names.single(far, "helper, GET each", 10),
        )  # fmt: skip
        yield _least(
            evidence, f"2 {at}, 1 key back to back, over helper", 2.6,
            names.single(far, "ours", 1, "steady"), helper,
        )  # fmt: skip
        yield _least(
            evidence, f"2 {at}, 1 key, function engine, over helper", 2.6,
            names.single(far, "ours, function", 1, "steady"), helper,
        )  # fmt: skip


def _loopback(evidence: Evidence) -> Iterator[Bar]:
    ours, helper = names.single(0, "ours", 1), names.single(0, "helper", 1)
    limit = names.single(0, "raw", 1, "plain SET")
    yield _least(evidence, "3 loopback, 1 key, over helper", 1.5, ours, helper)
    cpu = ratio(evidence.found[ours], evidence.found[helper], _cpu)
    yield _at_most("3 loopback, 1 key, client CPU over helper's", 0.65, cpu)
    yield _least(evidence, "3 loopback, 1 key, over a raw SET", 0.35, ours, limit)
    for client in ("ours", "ours, function"):
        name = "function engine" if client != "ours" else "back to back"
        steady = names.single(0, client, 1, "steady")
        yield _least(evidence, f"3 loopback, 1 key, {name}, over a raw SET", 0.6, steady, limit)


def _hot(evidence: Evidence) -> Iterator[Bar]:
    ours, helper = names.crowd(1, "hot", "ours"), names.crowd(1, "hot", "helper")
    one = evidence.found[ours]
    yield _least(evidence, "4 hot variable, over helper", 2.3, ours, helper)
    yield _at_most("4 hot variable, aborts", 0.15, one.median(lambda each: each.aborts))
    yield _at_most("4 hot variable, wasted time", 0.05, one.median(lambda each: each.wasted))
    evenness = one.median(lambda each: each.evenness)
    yield _at_least("4 hot variable, min/max commits of an agent", 0.7, evenness)
    spread = one.median(lambda each: each.p99_ms / each.p50_ms)
    yield _at_most("4 hot variable, p99 over p50", 3.0, spread)


def _bank(evidence: Evidence) -> Iterator[Bar]:
    ours, helper = names.crowd(1, "bank", "ours"), names.crowd(1, "bank", "helper")
    one = evidence.found[ours]
    yield _least(evidence, "5 two of 16, over helper", 2.5, ours, helper)
    yield _at_most("5 two of 16, wasted time", 0.10, one.median(lambda each: each.wasted))
    evenness = one.median(lambda each: each.evenness)
    yield _at_least("5 two of 16, min/max commits of an agent", 0.45, evenness)


def _counter(evidence: Evidence) -> Iterator[Bar]:
    ours = names.crowd(1, "count", "ours")
    path = names.crowd(1, "hot", "ours")
    yield _least(evidence, "6 counter.add, over reading and writing", 15.0, ours, path)
    aborts = evidence.found[ours].median(lambda each: each.aborts)
    yield _at_most("6 counter.add, aborts", 0.0, aborts)


def _overhead(evidence: Evidence) -> Iterator[Bar]:
    for case, limit in zip(plan.OVERHEADS, (0.20, 0.18, 0.05), strict=True):
        milliseconds, workload, work_ms = case
        one = evidence.found[names.crowd(milliseconds, workload, "ours", work_ms)]
        name = f"7 overhead, {milliseconds} ms, {workload}, {work_ms} ms work"
        yield _at_most(name, limit, one.median(lambda each: each.overhead))


def _wake_ups(evidence: Evidence) -> Iterator[Bar]:
    near, crowded = (evidence.found[names.wake_ups(0, n, "ours")] for n in (1, plan.WAITERS))
    far = evidence.found[names.wake_ups(1, 1, "ours")]
    yield _at_most("8 wake-up, loopback, p50 in ms", 0.6, near.median(_p50))
    yield _at_most("8 wake-up, 1 ms, p50 in ms", 2.3, far.median(_p50))
    yield _at_most("8 wake-up, 16 waiters over one", 5.0, ratio(crowded, near, _p50))
    asleep = next(
        row for row in evidence.flights if row["measurement"] == "flights: blocked in retry"
    )
    sent = asleep.get("flights", math.nan)
    assert isinstance(sent, int | float)
    yield Bar("8 commands while blocked", "= 0", _shown(sent), sent == 0)


def _zeros(evidence: Evidence) -> Iterator[Bar]:
    ours = [cut for cut in evidence.cuts if cut.client != "helper"]
    for fault in ("lose reply", "deliver late"):
        hit = [cut for cut in ours if cut.fault == fault]
        wrong = sum(cut.twice + cut.lost for cut in hit)
        cuts = sum(cut.cuts for cut in hit)
        is_held = cuts > 0 and wrong == 0
        yield Bar(f"9 {cuts} commits, {fault}: twice or lost", "= 0", wrong, is_held)
    lost = sum(abs(count) for count in evidence.lost.values())
    yield _at_most("9 additions lost in all runs", 0, lost)
    audit = evidence.found[names.auditor("ours")]
    bodies = int(audit.noted("bodies"))
    yield _at_most(f"9 impossible sums in {bodies} bodies", 0, audit.noted("torn"))
    yield from _long(evidence)


def _long(evidence: Evidence) -> Iterator[Bar]:
    beside = evidence.found[names.long_transaction(names.LONG)]
    alone = evidence.found[names.long_transaction(names.MOVERS)]
    commits = min((each[0].commits for each in beside.outcomes), default=0)
    yield _at_least("9 long transaction beside 8 movers, commits in 3 s", 20, commits)
    moved = [sum(each.commits for each in agents[1:]) for agents in beside.outcomes]
    seconds = beside.job.seconds
    share = sum(moved) / len(moved) / seconds / (alone.median(_rate) or math.nan)
    yield _at_least("9 movers beside it, over movers alone", 0.7, share)


def _record(evidence: Evidence) -> Iterator[Bar]:
    for keys in (1, 3):
        kept = evidence.found[names.replay(keys, with_record=True)]
        bare = evidence.found[names.replay(keys, with_record=False)]
        cost = 1 - ratio(bare, kept, _p50)  # the rate of slices that nobody else disturbs
        yield _at_most(f"10 cost of the exactly-once record, {keys} keys", 0.12, cost)
    first, later = names.chain("first"), names.chain("later")
    yield _least(evidence, "10 dependent reads, later run over the first", 4.0, later, first)


def _coroutines(evidence: Evidence) -> Iterator[Bar]:
    for milliseconds in (0, 1):
        many, one = (names.coroutines(milliseconds, number) for number in (plan.COROUTINES, 1))
        where = names.distance(milliseconds)
        yield _least(evidence, f"11 {where}, 100 coroutines over one, function", 3.0, many, one)


def _least(evidence: Evidence, name: str, bar: float, one: str, other: str) -> Bar:
    """Return a bar on how many times faster one measurement is than another."""
    found = ratio(evidence.found[one], evidence.found[other], _rate)
    return _at_least(name, bar, found, unit="x")


def _at_least(name: str, bar: float, figure: float, unit: str = "") -> Bar:
    return Bar(name, f">= {bar:g}{unit}", _shown(figure), figure >= bar)


def _at_most(name: str, bar: float, figure: float) -> Bar:
    return Bar(name, f"<= {bar:g}", _shown(figure), figure <= bar)


def _shown(figure: float) -> float:
    """Return a figure that JSON can hold: -1 for what could not be measured."""
    return -1.0 if math.isnan(figure) else figure


def _rate(each: Slice) -> float:
    return each.commits_per_second


def _cpu(each: Slice) -> float:
    return each.cpu_us


def _p50(each: Slice) -> float:
    return each.p50_ms

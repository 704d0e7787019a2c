"""What the figures say, in sentences that are made from them, under the four questions.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterator, Sequence
from statistics import median

from orchestrator.experiments.comparing import Comparison
from orchestrator.experiments.failures.trial import TrialRow, by_way
from orchestrator.experiments.plan import Cell
from orchestrator.experiments.report.markdown import number, p_value
from orchestrator.experiments.report.material import TaskMaterial
from orchestrator.experiments.report.returns import returns
from orchestrator.experiments.samples import Metric, Sample, overheads_of
from orchestrator.experiments.statistics import holm
from orchestrator.experiments.study import Study
from orchestrator.experiments.verdict import OVERHEAD_SHARE_MAX, P_MAX, TaskVerdict
from tasks_schema.kinds import Mode, Sharing


def when_it_helps(
    material: TaskMaterial, verdict: TaskVerdict, comparisons: Sequence[Comparison]
) -> Iterator[str]:
    """Yield for which instances a swarm was better than agents that work alone."""
    word = "**worth it**" if verdict.is_worth_it else "**not worth it**"
    yield f"*{verdict.task}*: shared state is {word}: {_because(verdict)}."
    for metric in (Metric.QUALITY, Metric.SECONDS):
        found = [
            each
            for each in comparisons
            if each.metric is metric and each.theirs.mode is Mode.PARALLEL
        ]
        yield f"By {metric}, against parallel: {_sorted_out(found)}."
    yield from _too_few(comparisons)
    yield from _dear(material)


def how_large(
    material: TaskMaterial, verdict: TaskVerdict, comparisons: Sequence[Comparison]
) -> Iterator[str]:
    """Yield the size of the effect, where it comes from, and how it grows with the agents."""
    task = material.task
    ours, theirs = (
        material.samples_in(Study.COMPARISON, mode) for mode in (Mode.SWARM, Mode.PARALLEL)
    )
    quality, seconds = verdict.quality, verdict.seconds
    yield (
        f"*{task.name}*: {task.quality_name} is {_times(quality.factor.value)} that of parallel, "
        f"time to solution {_times(seconds.factor.value)}; effect sizes "
        f"{quality.test.effect:+.2f} and {seconds.test.effect:+.2f} (from -1 to 1)."
    )
    yield (
        f"Redundant work (the share of {task.redundant_name}) is {_share(ours, 'redundant')} in a "
        f"swarm and {_share(theirs, 'redundant')} in parallel; coordination takes "
        f"{_share(ours, 'overhead')} of the agents' time."
    )
    singles = [each for each in comparisons if each.theirs.mode is Mode.SINGLE]
    yield f"Against a single agent with the turns of all: {_best_of(singles)}."
    yield from returns(material)


def what_to_share(material: TaskMaterial, comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Yield what sharing less costs."""
    certain = [each for each in comparisons if _is_certain(each)]
    for each in certain:
        word = "better" if each.test.effect > 0 else "worse"
        yield (
            f"*{material.task.name}*: sharing all is {word} than sharing "
            f"{_shared(each.theirs.sharing)}, by {each.metric}: "
            f"{_times(each.factor.value)} (p {p_value(each.p_corrected)})."
        )
    if comparisons and not certain:
        yield f"*{material.task.name}*: what is shared makes no difference that chance rules out."
        yield from _too_few(comparisons)


def how_it_fails(material: TaskMaterial) -> Iterator[str]:
    """Yield how coordination grows with agents and with distance."""
    for study, of in ((Study.SWEEP, _agents), (Study.DISTANCE, _distance)):
        cells = material.swarm_cells(study)
        if len(cells) < 2:
            continue
        ordered = sorted(cells, key=lambda cell: (cell.agents, cell.round_trip_seconds))
        first, last = ordered[0], ordered[-1]
        yield (
            f"*{material.task.name}*: coordination takes {_share(cells[first], 'overhead')} "
            f"{of(first)} and {_share(cells[last], 'overhead')} {of(last)}."
        )


def what_failed(trials: Sequence[TrialRow]) -> Iterator[str]:
    """Yield how each provoked failure ended, with its remedy and without."""
    ways = by_way(trials)
    for name in dict.fromkeys(row.failure for row in trials):
        told = [
            _met(word, ways.get((name, has))) for word, has in (("with", True), ("without", False))
        ]
        yield f"*{name}*: {'; '.join(each for each in told if each)}."


def _met(word: str, trials: Sequence[TrialRow] | None) -> str:
    if not trials:
        return ""
    overcome = [row.trial.seconds for row in trials if row.trial.is_overcome]
    took = f", in {number(median(overcome))} s" if overcome else ""
    return f"{word} the remedy {len(overcome)} of {len(trials)} trials were overcome{took}"


def _because(verdict: TaskVerdict) -> str:
    quality, seconds = verdict.quality, verdict.seconds
    percent = "an unknown share" if verdict.overhead is None else f"{verdict.overhead.value:.0%}"
    return (
        f"quality {_times(quality.factor.value)} that of parallel "
        f"(p {p_value(quality.p_corrected)}), "
        f"time to solution {_times(seconds.factor.value)} (p {p_value(seconds.p_corrected)}), "
        f"coordination {percent} of the agents' time"
    )


def _too_few(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Yield that no difference could have been shown, where that is so."""
    least = holm([2.0 ** (1 - each.pairs) for each in comparisons])
    if min(least, default=0.0) >= P_MAX:
        yield (
            f"With so few pairs and {len(comparisons)} comparisons none of them could show a "
            "difference, whether there is one or not."
        )


def _dear(material: TaskMaterial) -> Iterator[str]:
    """Yield on which instances coordination takes more than it may: a median over all hides it."""
    shares = {
        cell.instance: median(overhead.share for overhead in known)
        for cell, runs in material.swarm_cells(Study.COMPARISON).items()
        if (known := overheads_of(runs))
    }
    dear = [
        f"{name} ({shares[name]:.0%})"
        for name in material.instances
        if shares.get(name, 0.0) >= OVERHEAD_SHARE_MAX
    ]
    if shares:
        where = f"on {', '.join(dear)}" if dear else "on no instance"
        yield f"Coordination takes {OVERHEAD_SHARE_MAX:.0%} of the agents' time or more {where}."


def _sorted_out(comparisons: Sequence[Comparison]) -> str:
    better = [
        each.ours.instance for each in comparisons if _is_certain(each) and each.test.effect > 0
    ]
    worse = [
        each.ours.instance for each in comparisons if _is_certain(each) and each.test.effect < 0
    ]
    open_ = [each.ours.instance for each in comparisons if not _is_certain(each)]
    parts = (("better on", better), ("worse on", worse), ("no difference shown on", open_))
    return "; ".join(f"{word} {', '.join(names)}" for word, names in parts if names) or "not run"


def _best_of(comparisons: Sequence[Comparison]) -> str:
    words = []
    for metric in (Metric.QUALITY, Metric.SECONDS):
        found = [each.factor.value for each in comparisons if each.metric is metric]
        if found:
            words.append(f"{metric} {_times(min(found))} to {_times(max(found))}, by instance")
    return "; ".join(words) or "not run"


def _is_certain(comparison: Comparison) -> bool:
    return comparison.p_corrected < P_MAX


def _times(factor: float) -> str:
    return f"{number(factor)} times"


def _share(runs: Sequence[Sample], figure: str) -> str:
    found = (
        [overhead.share for overhead in overheads_of(runs)]
        if figure == "overhead"
        else [run.measures.task.redundant for run in runs]
    )
    return f"{median(found):.0%}" if found else "an unknown share"


def _shared(sharing: Sharing) -> str:
    words = {
        Sharing.BOTH: "all",
        Sharing.BEST: "results alone",
        Sharing.EXPLORED: "tracks alone",
        Sharing.NOTHING: "nothing",
    }
    return words[sharing]


def _agents(cell: Cell) -> str:
    return f"with {cell.agents} agents" if cell.agents > 1 else "with one agent"


def _distance(cell: Cell) -> str:
    return f"at a round trip of {cell.round_trip_seconds * 1000:g} ms"

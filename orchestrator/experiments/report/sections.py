"""The sections of the page: for each question its findings, then the tables they come from."""

from collections.abc import Iterator, Sequence
from itertools import chain

from orchestrator.experiments.failures.trial import TrialRow
from orchestrator.experiments.report import findings, tables
from orchestrator.experiments.report.markdown import listed
from orchestrator.experiments.report.material import Material
from orchestrator.experiments.report.plates import Plates
from orchestrator.experiments.study import Study
from orchestrator.experiments.summary import chance
from orchestrator.experiments.verdict import P_MAX, TaskVerdict, least_p_values

_MADE = (
    "This page is written by `swarm experiment report` from the rows of its runs; no figure and no "
    "sentence in it is written by hand. [What is compared, and what the statistics say]"
    "(../explanation/experiments.md) · [how to run it](../how-to/run-experiments.md)."
)
_READING = (
    "Medians over runs, with 95 % bootstrap intervals in brackets. *Factor* is the swarm's median "
    "over the other's. *p*: exact Wilcoxon signed-rank test of runs with the same seed, after "
    "Holm's correction for all tests of its table. *Effect size*: matched-pairs rank-biserial "
    "correlation, positive where the swarm is better, of the *pairs that differ*: where these are "
    "few it says little. A time to solution is shown where more than half of the runs found one; "
    "in tests and factors a run without one counts with all that it had, or with the other run's "
    "time if that is more: a tie at best."
)
_PROVOKED = (
    "Each on a real server, with the remedy (in bold) and without. What *overcome* means is said "
    "below for each. *At most* is for how long was waited for that: a trial that did not come to "
    "it tells how long was waited, or until when its swarm lived, and not how long it would take."
)


def opening(material: Material) -> Iterator[str]:
    """Yield the title, the verdict, and how to read the rest."""
    yield "# Does shared state help?"
    yield _MADE
    yield "## Verdict"
    yield _in_short(material.verdicts)
    yield tables.verdict_table(material.verdicts)
    few = [task for task, p_value in least_p_values(material.verdicts).items() if p_value >= P_MAX]
    if few:
        yield (
            f"With so few seeds chance explains everything for {', '.join(few)}: after correction "
            f"for {2 * len(material.verdicts)} criteria no difference can reach that p."
        )
    yield _READING


def _in_short(verdicts: Sequence[TaskVerdict]) -> str:
    """Return for how many tasks it is worth it, and what that means."""
    if not verdicts:
        return "No task was run both in mode `swarm` and in mode `parallel`, so there is none."
    worth = [each.task for each in verdicts if each.is_worth_it]
    names = f": {', '.join(worth)}" if worth else ""
    return (
        f"Shared state is **worth it** for {len(worth)} of {len(verdicts)} tasks{names}. "
        "The rule: quality at least 10 % better than that of agents who work in parallel without "
        "it, or time to solution at least 30 % shorter, either with p < 0.05; and coordination "
        "below 20 % of the agents' time."
    )


def when_section(material: Material, plates: Plates) -> Iterator[str]:
    """Yield for which tasks and instances shared state helps."""
    yield "## When does shared state help?"
    verdicts = {verdict.task: verdict for verdict in material.verdicts}
    for each in material.tasks:
        if each.task.name in verdicts:
            compared = tables.mode_comparisons(each, chance())
            yield listed(findings.when_it_helps(each, verdicts[each.task.name], compared))
    for each in material.tasks:
        yield f"### {each.task.name.capitalize()}"
        yield tables.outcome_table(each, chance())
        yield f"*Redundant work* is the share of {each.task.redundant_name}."
        yield plates.curves(each)
    yield plates.explored(material.tasks)


def how_large_section(material: Material, plates: Plates) -> Iterator[str]:
    """Yield how large the effect is, and how it grows with the number of agents."""
    yield "## How large is the effect?"
    verdicts = {verdict.task: verdict for verdict in material.verdicts}
    for each in material.tasks:
        if each.task.name in verdicts:
            compared = tables.mode_comparisons(each, chance())
            yield listed(findings.how_large(each, verdicts[each.task.name], compared))
    yield plates.solutions(material.tasks)
    for each in material.tasks:
        yield f"### {each.task.name.capitalize()}: the swarm against the others"
        yield tables.comparison_table(tables.mode_comparisons(each, chance()))
    yield plates.sizes(material.tasks)
    for each in material.tasks:
        if len(each.swarm_cells(Study.SWEEP)) > 1:
            yield f"### {each.task.name.capitalize()}: from one agent to many"
            yield f"On {each.first_instance}, {each.size.iterations} turns of each agent."
            yield tables.sweep_table(each, chance())


def what_section(material: Material) -> Iterator[str]:
    """Yield what should be shared."""
    parts = [each for each in material.tasks if len(each.swarm_cells(Study.ABLATION)) > 1]
    if not parts:
        return
    yield "## What should be shared?"
    compared = {each.task.name: tables.sharing_comparisons(each, chance()) for each in parts}
    yield listed(
        chain.from_iterable(
            findings.what_to_share(each, compared[each.task.name]) for each in parts
        )
    )
    yield (
        "*Results* are what has been achieved: the best point, the cells filled in, the facts. "
        "*Tracks* are what has been tried: regions, ruled-out candidates, sources."
    )
    for each in parts:
        yield f"### {each.task.name.capitalize()}, on {each.first_instance}"
        yield tables.ablation_table(each, chance())
        yield tables.sharing_table(compared[each.task.name])


def failure_section(material: Material, plates: Plates) -> Iterator[str]:
    """Yield how shared state fails: with size, with distance, and by provoked failures."""
    far = [each for each in material.tasks if len(each.swarm_cells(Study.DISTANCE)) > 1]
    if not far and not material.trials:
        return
    yield "## How does it fail?"
    grown = chain.from_iterable(findings.how_it_fails(each) for each in far)
    yield listed([*findings.what_failed(material.trials), *grown])
    if material.trials:
        yield "### Failures that were provoked"
        yield _PROVOKED
        yield tables.failure_table(material.trials, chance())
        yield listed(_provocations(material))
    if far:
        yield plates.distance(far)
    for each in far:
        yield f"### {each.task.name.capitalize()}: further and further away"
        yield tables.distance_table(each, chance())


def _provocations(material: Material) -> Iterator[str]:
    told = {row.failure: row for row in material.trials}
    yield from (f"*{name}*: {row.provocation}.{_meaning(row)}" for name, row in told.items())


def _meaning(row: TrialRow) -> str:
    return f" *Overcome*: {row.overcome}." if row.overcome else ""


def cost_section(material: Material) -> Iterator[str]:
    """Yield what the modes cost."""
    yield "## What it cost"
    yield (
        "All modes have the same budget of turns; a run that reaches its goal spends less. No "
        "language model was asked where tokens and dollars are empty."
    )
    for each in material.tasks:
        yield f"### {each.task.name.capitalize()}"
        yield tables.cost_table(each, chance())
    yield "### Coordination by instance"
    yield (
        "Of mode `swarm`: its share of the agents' time; and seconds in the median run, by what "
        "they went into."
    )
    yield tables.overhead_table(material.tasks, chance())

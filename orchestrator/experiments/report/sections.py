"""The sections of the page: for each question its findings, then the tables they come from."""

from collections.abc import Iterable, Iterator
from itertools import chain

from orchestrator.experiments.commands import cell_command
from orchestrator.experiments.failures.trial import LIMIT_SECONDS
from orchestrator.experiments.plan import Study
from orchestrator.experiments.report import findings, tables
from orchestrator.experiments.report.markdown import table
from orchestrator.experiments.report.material import Material, seeds_of
from orchestrator.experiments.report.plates import Plates
from orchestrator.experiments.summary import chance
from orchestrator.experiments.verdict import P_MAX
from tasks_schema.kinds import Mode

_MADE = (
    "This page is written by `swarm experiment report` from the rows of its runs; no figure and no "
    "sentence in it is written by hand. [What is compared, and what the statistics say]"
    "(../explanation/experiments.md) · [how to run it](../how-to/run-experiments.md)."
)
_READING = (
    "Medians over runs, with 95 % bootstrap intervals in brackets. *Factor* is the swarm's median "
    "over the other's. *p*: exact Wilcoxon signed-rank test of runs with the same seed, after "
    "Holm's correction for all tests of its table. *Effect size*: matched-pairs rank-biserial "
    "correlation, positive where the swarm is better. A time to solution is shown where more than "
    "half of the runs found one; in tests and factors a run without one counts with all that it "
    "had."
)
_PROVOKED = (
    f"Each on a real server, with the remedy (in bold) and without. What has not come to an end "
    f"after {LIMIT_SECONDS:g} s counts as hung, except for the poisoned state, which has 30 s."
)


def opening(material: Material) -> Iterator[str]:
    """Yield the title, the verdict, and how to read the rest."""
    yield "# Does shared state help?"
    yield _MADE
    yield "## Verdict"
    worth = [each.task for each in material.verdicts if each.is_worth_it]
    names = f": {', '.join(worth)}" if worth else ""
    yield (
        f"Shared state is **worth it** for {len(worth)} of {len(material.verdicts)} tasks{names}. "
        "The rule: quality at least 10 % better than that of agents who work in parallel without "
        "it, or time to solution at least 30 % shorter, either with p < 0.05; and coordination "
        "below 20 % of the agents' time."
    )
    yield tables.verdict_table(material.verdicts)
    if any(2 ** (1 - verdict.seeds) > P_MAX for verdict in material.verdicts):
        yield "With so few seeds chance explains everything: no difference can reach that p."
    yield _READING


def when_section(material: Material, plates: Plates) -> Iterator[str]:
    """Yield for which tasks and instances shared state helps."""
    yield "## When does shared state help?"
    verdicts = {verdict.task: verdict for verdict in material.verdicts}
    for each in material.tasks:
        if each.task.name in verdicts:
            compared = tables.mode_comparisons(each, chance())
            yield _list(findings.when_it_helps(verdicts[each.task.name], compared))
    for each in material.tasks:
        yield f"### {each.task.name.capitalize()}"
        yield tables.outcome_table(each, chance())
        yield plates.curves(each)
    yield plates.explored(material.tasks)


def how_large_section(material: Material, plates: Plates) -> Iterator[str]:
    """Yield how large the effect is, and how it grows with the number of agents."""
    yield "## How large is the effect?"
    verdicts = {verdict.task: verdict for verdict in material.verdicts}
    for each in material.tasks:
        if each.task.name in verdicts:
            compared = tables.mode_comparisons(each, chance())
            yield _list(findings.how_large(each, verdicts[each.task.name], compared))
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
    yield _list(
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
    yield _list([*findings.what_failed(material.trials), *grown])
    if material.trials:
        yield "### Failures that were provoked"
        yield _PROVOKED
        yield tables.failure_table(material.trials, chance())
        yield _list(_provocations(material))
    if far:
        yield plates.distance(far)
    for each in far:
        yield f"### {each.task.name.capitalize()}: further and further away"
        yield tables.distance_table(each, chance())


def _provocations(material: Material) -> Iterator[str]:
    told = {row.failure: row.provocation for row in material.trials}
    yield from (f"*{name}*: {provocation}." for name, provocation in told.items())


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


def rerun_section(material: Material) -> Iterator[str]:
    """Yield the commands, seeds, versions and the machine."""
    experiment = material.experiment
    missing = sum(row.measures is None for row in material.rows)
    yield "## To run it again"
    yield f"```\n{experiment.command}\nswarm experiment report\n```"
    trials = f"{len(material.trials)} provoked failures; " if material.trials else ""
    yield (
        f"{len(material.rows)} runs, {missing} of them without figures; {trials}seeds "
        f"{tables.seeds_of(material)}; experiment `{experiment.experiment_id}`, begun on "
        f"{material.started_at:%d %B %Y}. The same seed gives the same quality in mode single. In "
        "the other modes it gives the same agents and instances; which of them is first is up to "
        "the machine."
    )
    facts = {**experiment.machine, **experiment.versions}
    yield table(("setting", "value"), [(key.replace("_", " "), str(v)) for key, v in facts.items()])
    yield "One cell alone:"
    commands = [
        cell_command(cell, seeds_of(runs), experiment.spec)
        for each in material.tasks
        for cell, runs in each.cells(Study.COMPARISON).items()
        if cell.mode is Mode.SWARM and cell.instance == each.first_instance
    ]
    yield "```\n" + "\n".join(commands) + "\n```"


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)

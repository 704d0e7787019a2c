"""Whether the figures may be believed: what was checked, by what, and what was found at fault."""

from collections import Counter
from collections.abc import Iterator, Sequence

from orchestrator.experiments.report.markdown import listed, table
from orchestrator.experiments.report.material import Material, TaskMaterial
from orchestrator.experiments.samples import overheads_of, solved_count
from tasks_schema.kinds import AttemptStatus, SwarmStatus

_FAULTS_MAX = 10
"""Shown of one task: more of them say the same."""
_COUNTED = (AttemptStatus.FINISHED, AttemptStatus.CANCELLED, AttemptStatus.FAILED)
"""How attempts of an experiment end; others have a column where there are any."""
_WORDS = (
    "*Cancelled* attempts are those whose run had reached its goal before they could start or end. "
    "A run without overhead is one whose transactions nobody told of; it is left out of "
    "medians of overhead, and counts in all others."
)


def checks_section(material: Material) -> Iterator[str]:
    """Yield how many runs and attempts ended how, and what checkers have said of them."""
    yield "## Checks"
    yield _runs_table(material)
    yield _attempts_table(material.tasks)
    yield _WORDS
    yield listed(_sentences(material))


def _runs_table(material: Material) -> str:
    head = ("task", "runs planned", "with figures", "without overhead", "otherwise")
    return table(head, (_runs(material, each) for each in material.tasks))


def _runs(material: Material, task: TaskMaterial) -> tuple[str, ...]:
    rows = [row for row in material.rows if row.run.cell.task == task.task.name]
    ended = Counter(_word(row.status) for row in rows if row.measures is None)
    lost = len(task.samples) - len(overheads_of(task.samples))
    return (
        task.task.name,
        str(len(rows)),
        str(len(task.samples)),
        str(lost),
        ", ".join(f"{count} {word}" for word, count in sorted(ended.items())) or "none",
    )


def _word(status: SwarmStatus) -> str:
    return "not begun" if status is SwarmStatus.PENDING else status.value


def _attempts_table(tasks: Sequence[TaskMaterial]) -> str:
    ended = {each.task.name: _attempts(each) for each in tasks}
    others = sorted({word for counts in ended.values() for word in counts} - {*_COUNTED})
    words = [*(status.value for status in _COUNTED), *others]
    return table(
        ("task", *(f"attempts {word}" for word in words)),
        ((name, *(f"{counts[word]:,}" for word in words)) for name, counts in ended.items()),
    )


def _attempts(task: TaskMaterial) -> Counter[str]:
    total: Counter[str] = Counter()
    for sample in task.samples:
        total.update(sample.measures.attempts)
    return total


def _sentences(material: Material) -> Iterator[str]:
    for each in material.tasks:
        solved = f"{solved_count(each.samples)} of {len(each.samples)} runs solved"
        yield f"*{each.task.name}*: {solved}: {each.task.goal_name}."
        yield from _reports(each)


def _reports(task: TaskMaterial) -> Iterator[str]:
    """Yield what looking up the quotations of all reports has shown, if the task writes any."""
    details = [sample.measures.task.detail for sample in task.samples]
    checked = [detail for detail in details if "quotations" in detail]
    if not checked:
        return
    sentences, quotations = (
        sum(int(str(detail[name])) for detail in checked) for name in ("sentences", "quotations")
    )
    faults = [str(fault) for detail in checked for fault in _faults(detail.get("faults"))]
    yield (
        f"*{task.task.name}*: {len(checked)} of {len(details)} runs wrote a report. A checker that "
        f"shares no code with those who extract looked up all {quotations:,} quotations of their "
        f"{sentences:,} sentences in the sources, word by word: {len(faults) or 'no'} "
        f"fault{'' if len(faults) == 1 else 's'}."
    )
    yield from (f"fault: {fault}" for fault in faults[:_FAULTS_MAX])


def _faults(found: object) -> Sequence[object]:
    return found if isinstance(found, list) else ()

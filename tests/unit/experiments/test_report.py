"""The page of results: the same rows give the same page, and it says what they say."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from pydantic import JsonValue

from orchestrator.experiments.commands import cell_command
from orchestrator.experiments.report.cells import seconds_to_solution
from orchestrator.experiments.report.markdown import number, p_value
from orchestrator.experiments.report.material import Material, material_of
from orchestrator.experiments.report.page import page_of
from orchestrator.experiments.report.plates import Plates
from orchestrator.experiments.report.replacing import told_experiment
from orchestrator.experiments.report.series import quality_band, solved_share, visits
from orchestrator.experiments.rows import Experiment, RunRow
from orchestrator.experiments.studies import Wanted, runs_of
from orchestrator.experiments.study import Study
from orchestrator.experiments.summary import as_json, as_table, chance, samples_of, verdicts_of
from tasks_schema.kinds import Mode, Sharing, SwarmStatus
from tests.support.experiment_runs import SWARM, measures, row, sample
from tests.support.experiment_task import Digging

EXPERIMENT = Experiment(
    experiment_id="digging-abc123",
    spec={"task": "digging", "instances": [], "is_quick": False},
    machine={"processors": 2},
    versions={"python": "3.11"},
    command="swarm experiment run digging",
)


def rows_of(wanted: Wanted, *, is_solved: bool = True) -> list[RunRow]:
    return [row(run, is_solved=is_solved) for run in runs_of(Digging(), wanted)]


BEGAN = datetime(2026, 1, 2, tzinfo=UTC)
DIVING = Digging(name="diving", grounds=("lake", "sea"))


def material(rows: list[RunRow]) -> Material:
    return material_of(EXPERIMENT, BEGAN, rows, {"digging": Digging()})


def joined(first: Wanted, then: Wanted) -> Material:
    """Return an experiment that one command began, and another went on with for another task."""
    experiment = replace(EXPERIMENT, spec={"instances": list(first.instances), "is_quick": False})
    rows = [row(run) for run in (*runs_of(Digging(), first), *runs_of(DIVING, then))]
    return material_of(experiment, BEGAN, rows, {"digging": Digging(), "diving": DIVING})


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("results")
    return page_of(material(rows_of(Wanted(seeds=4))), Plates(folder)), folder


def test_the_same_rows_give_the_same_page_and_the_same_plots(
    written: tuple[str, Path], tmp_path: Path
) -> None:
    page, folder = written
    assert page_of(material(rows_of(Wanted(seeds=4))), Plates(tmp_path)) == page
    plots = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert len(plots) == 5
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == plots


def test_the_page_tells_which_experiment_it_is_of(written: tuple[str, Path]) -> None:
    assert told_experiment(written[0]) == EXPERIMENT.experiment_id
    assert told_experiment("Made by `swarm experiment report digging`.") == "digging"
    assert told_experiment("Made by `swarm experiment report` from rows.") is None


def test_every_plot_that_the_page_shows_is_there_and_is_an_image(written: tuple[str, Path]) -> None:
    page, folder = written
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page)
    assert len(shown) == 5
    for name in shown:
        root = ET.fromstring((folder / name).read_text(encoding="utf-8"))
        assert root.tag.endswith("svg")
        assert "date" not in (folder / name).read_text(encoding="utf-8")


def test_the_page_answers_the_four_questions(written: tuple[str, Path]) -> None:
    headings = re.findall(r"^## (.+)$", written[0], re.MULTILINE)
    assert headings == [
        "Verdict",
        "What was run, and why these",
        "When does shared state help?",
        "How large is the effect?",
        "What should be shared?",
        "How does it fail?",
        "What it cost",
        "Checks",
        "To run it again",
    ]


def test_tokens_and_dollars_are_empty_where_no_model_was_asked(written: tuple[str, Path]) -> None:
    [head] = re.findall(r"^\| mode +\| evaluations .*$", written[0], re.MULTILINE)
    line = written[0].partition(head)[2].splitlines()[2]
    cells = dict(zip(_cells(head), _cells(line), strict=True))
    assert (cells["tokens"], cells["dollars"], cells["quality per dollar"]) == ("-", "-", "-")


def test_a_page_of_a_comparison_alone_leaves_out_what_was_not_varied(tmp_path: Path) -> None:
    rows = rows_of(Wanted(seeds=3, studies=(Study.COMPARISON,)), is_solved=False)
    page = page_of(material(rows), Plates(tmp_path))
    assert "What should be shared" not in page
    assert "sizes.svg" not in page


def test_an_instance_that_was_asked_of_one_task_stands_for_that_task_alone(tmp_path: Path) -> None:
    both = joined(Wanted(seeds=2, instances=("clay",)), Wanted(seeds=2))
    assert [each.first_instance for each in both.tasks] == ["clay", "lake"]
    page = page_of(both, Plates(tmp_path))
    for heading in ("Diving: from one agent to many", "Diving, on lake", "Digging, on clay"):
        assert f"### {heading}" in page


def test_the_instance_that_was_varied_stands_for_all_whoever_asked_for_it() -> None:
    swept = Wanted(seeds=2, instances=("sea",), studies=(Study.SWEEP,))
    both = joined(Wanted(seeds=2), swept)
    assert [each.first_instance for each in both.tasks] == ["sand", "sea"]


def test_a_map_is_of_the_first_instance_that_has_one(tmp_path: Path) -> None:
    rows = [
        *_detailed(rows_of(Wanted(seeds=2, instances=("sand",), studies=(Study.COMPARISON,)))),
        *rows_of(Wanted(seeds=2, instances=("clay",), studies=(Study.COMPARISON,))),
    ]
    assert "![regions of clay searched" in page_of(material(rows), Plates(tmp_path))


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(seeds=2, sharing=Sharing.BEST, modes=(Mode.SWARM,), studies=(Study.COMPARISON,)),
        Wanted(seeds=2, round_trip_seconds=0.005, studies=(Study.COMPARISON,)),
        Wanted(seeds=2, studies=(Study.ABLATION,)),
        Wanted(seeds=2, modes=(Mode.SINGLE,), studies=(Study.COMPARISON,)),
    ],
    ids=["less shared", "far away", "ablation alone", "single alone"],
)
def test_a_plot_without_data_is_left_out(wanted: Wanted, tmp_path: Path) -> None:
    page = page_of(material(_detailed(rows_of(wanted))), Plates(tmp_path))
    shown = set(re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page))
    assert shown == {file.name for file in tmp_path.iterdir()}
    assert "explored.svg" not in shown
    assert "so there is none" in page


def test_too_few_seeds_for_all_criteria_are_said_to_be_so(tmp_path: Path) -> None:
    def page(seeds: int) -> str:
        two = Wanted(seeds=seeds, studies=(Study.COMPARISON,))
        return page_of(joined(two, two), Plates(tmp_path))

    # One criterion alone could be shown with six pairs: 2 * 0.5**6 is 0.03. Four times that is not.
    assert "for digging, diving: after correction for 4 criteria" in page(6)
    assert "chance explains everything" not in page(8)


def test_runs_without_figures_are_counted_and_left_out(tmp_path: Path) -> None:
    first, *rest = rows_of(Wanted(seeds=3, studies=(Study.COMPARISON,)))
    rows = [replace(first, measures=None), *rest]
    assert f"{len(rows)} runs, 1 of them without figures" in page_of(
        material(rows), Plates(tmp_path)
    )
    assert f"1 of {len(rows)} runs have no figures" in as_table(EXPERIMENT, rows)
    assert as_json(EXPERIMENT, rows).count('"measures": null') == 1


def test_a_run_whose_transactions_nobody_told_of_has_no_overhead_rather_than_none_at_all() -> None:
    rows = rows_of(Wanted(seeds=3, studies=(Study.COMPARISON,)))
    lost = [replace(each, statistics=None) for each in rows[::2]]
    told = [replace(each, statistics={"sites": {"look": {"commits": 1}}}) for each in rows[1::2]]
    assert all(each.overhead is None for each in samples_of([*lost, *told]))
    assert as_json(EXPERIMENT, [*lost, *told]).count('"overhead": null') == len(rows) + 1
    assert "overhead unknown" in as_table(EXPERIMENT, [*lost, *told])
    [some] = verdicts_of(samples_of([*lost, *rows[1::2]]))
    [all_known] = verdicts_of(samples_of(rows))
    assert some.overhead is not None
    assert all_known.overhead is not None
    assert some.overhead.value == pytest.approx(all_known.overhead.value, rel=0.2)


def test_a_page_is_made_where_no_overhead_is_known(tmp_path: Path) -> None:
    rows = [replace(each, statistics=None) for each in rows_of(Wanted(seeds=2))]
    page = page_of(material(rows), Plates(tmp_path))
    assert "coordination takes an unknown share" in page


def told(page: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of any level."""
    return re.split(r"^#+ ", page.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def test_a_task_says_on_the_page_what_was_chosen_for_it(written: tuple[str, Path]) -> None:
    said = told(written[0], "What was run, and why these")
    assert "*Digging*, 4 agents with 5 turns" in said
    assert "Sand is drawn by the seed." in said
    assert "Solved: water, which nobody finds." in said
    assert "a factor in seconds against `single` is not one of thinking alone" in said


def test_the_library_that_was_read_is_named(tmp_path: Path) -> None:
    rows = _detailed(rows_of(Wanted(seeds=2, is_quick=True)), library="c072ec")
    said = told(page_of(material(rows), Plates(tmp_path)), "What was run, and why these")
    assert "digest `c072ec`" in said


def test_redundant_work_is_shown_with_what_it_is_a_share_of(written: tuple[str, Path]) -> None:
    assert "*Redundant work* is the share of holes that were there before." in written[0]
    assert "Redundant work (the share of holes that were there before) is 25% in a" in written[0]


def test_sources_read_twice_have_a_column_where_a_task_tells_of_them(tmp_path: Path) -> None:
    rows = _detailed(rows_of(Wanted(seeds=2, is_quick=True)), sources_twice=0.125)
    page = page_of(material(rows), Plates(tmp_path))
    [head] = re.findall(r"^\| instance .* sources read twice \|$", page, re.MULTILINE)
    assert _cells(page.partition(head)[2].splitlines()[2])[-1] == "12%"
    assert "sources read twice" not in page_of(
        material(rows_of(Wanted(seeds=2, is_quick=True))), Plates(tmp_path)
    )


def test_coordination_is_shown_for_each_instance_with_what_it_went_into(
    written: tuple[str, Path],
) -> None:
    lines = told(written[0], "Coordination by instance").splitlines()
    rows = [_cells(line) for line in lines if line.startswith("| digging")]
    assert [cells[:2] for cells in rows] == [["digging", "sand"], ["digging", "clay"]]
    # 20 turns of 2 ms on the network, of 0.8 s: see `row`.
    assert rows[0][2:] == ["5% [5%, 5%]", "0.840", "0.040", "0.000", "0.000", "0.000"]


def test_instances_on_which_coordination_is_dear_are_named(tmp_path: Path) -> None:
    rows = rows_of(Wanted(seeds=3, studies=(Study.COMPARISON,)))
    slow = {"sites": {"Lease._claim": {"commits": 1, "runs": 1, "network_seconds": 1.0}}}
    dear = [
        replace(each, statistics=slow) if each.run.cell.instance == "clay" else each
        for each in rows
    ]
    assert "or more on clay (56%)." in page_of(material(dear), Plates(tmp_path))
    assert "or more on no instance." in page_of(material(rows), Plates(tmp_path))


def test_comparisons_that_could_show_no_difference_say_so(tmp_path: Path) -> None:
    def page(seeds: int) -> str:
        rows = rows_of(Wanted(seeds=seeds, studies=(Study.COMPARISON,)))
        return page_of(material(rows), Plates(tmp_path))

    # Two instances, two modes, three metrics: 12 * 2 * 0.5**8 is 0.09, and half of it 0.047.
    assert "With so few pairs and 12 comparisons" in page(8)
    assert "With so few pairs" not in page(9)


def test_what_more_agents_bring_is_told_in_time_as_well(written: tuple[str, Path]) -> None:
    said = told(written[0], "How large is the effect?")
    assert re.search(r"Depth by agents \(1: [^)]+, 32: [^)]+\)", said)
    assert re.search(r"Seconds to solution by agents \(1: [^)]+, 32: [^)]+\)", said)


def test_a_size_that_only_makes_up_for_a_bad_one_before_brings_nothing(tmp_path: Path) -> None:
    quality = {1: 0.2, 2: 0.9, 4: 0.5, 8: 0.91, 16: 0.7, 32: 0.91}
    rows = [
        replace(each, measures=measures(quality[each.run.cell.agents]))
        for each in rows_of(Wanted(seeds=1, studies=(Study.SWEEP,)))
    ]
    assert ": 2 is the last that brings 2 % over" in page_of(material(rows), Plates(tmp_path))


def test_the_checks_say_how_runs_and_attempts_ended_and_who_told_nothing(tmp_path: Path) -> None:
    first, second, third, *rest = rows_of(Wanted(seeds=3, is_quick=True))
    rows = [
        replace(first, statistics=None),
        replace(second, measures=None, status=SwarmStatus.STOPPED),
        replace(third, measures=None, status=SwarmStatus.PENDING),
        *rest,
    ]
    said = told(page_of(material(rows), Plates(tmp_path)), "Checks")
    runs, attempts = [_cells(line) for line in said.splitlines() if line.startswith("| digging")]
    assert runs == ["digging", "9", "7", "1", "1 not begun, 1 stopped"]
    assert attempts == ["digging", "140", "0", "0"]
    assert "7 of 7 runs solved: water, which nobody finds." in said


def test_a_fault_that_the_checker_found_in_a_report_is_shown(tmp_path: Path) -> None:
    rows = rows_of(Wanted(seeds=3, is_quick=True))
    fine = _detailed(rows[1:], sentences=3, quotations=4, faults=[])
    bad = _detailed(rows[:1], sentences=3, quotations=4, faults=["'rain' does not stand in 'b'"])
    said = told(page_of(material([*bad, *fine]), Plates(tmp_path)), "Checks")
    assert "9 of 9 runs wrote a report" in said
    assert "all 36 quotations of their 27 sentences in the sources, word by word: 1 fault." in said
    assert "fault: 'rain' does not stand in 'b'" in said


def test_every_cell_is_shown_with_its_command_and_what_its_seconds_depend_on(
    tmp_path: Path,
) -> None:
    rows = rows_of(Wanted(seeds=3))
    experiment = replace(EXPERIMENT, spec={**EXPERIMENT.spec, "at_once": 3})
    sorted_out = material_of(experiment, BEGAN, rows, {"digging": Digging()})
    said = told(page_of(sorted_out, Plates(tmp_path)), "To run it again")
    shown = re.findall(r"^swarm experiment run .* --at-once 3\b.*$", said, re.MULTILINE)
    cells = {each.run.cell for each in rows}
    assert set(shown) == {cell_command(cell, 3, experiment.spec) for cell in cells}
    assert len(shown) == len(cells)
    assert f"<summary>digging: {len(cells)} cells</summary>" in said


def test_the_command_that_writes_the_page_names_its_experiment(written: tuple[str, Path]) -> None:
    assert "`swarm experiment report digging-abc123`" in written[0]


def test_a_run_keeps_the_quality_that_it_had_when_it_ended() -> None:
    runs = [sample(SWARM, 1, quality=0.6, evaluations=100), sample(SWARM, 2, evaluations=400)]
    band = quality_band(runs[:1], chance())
    assert (band.middle[0], band.middle[-1]) == (0.0, 0.6)
    assert quality_band(runs, chance()).x[-1] == 400


def test_the_share_of_solved_runs_is_of_all_runs() -> None:
    runs = [sample(SWARM, 1, solved_after=0.5), sample(SWARM, 2, seconds=30.0)]
    assert solved_share(runs) == ([0.0, 5.0, 30.0], [0.0, 0.5, 0.5])


def test_a_time_to_solution_is_the_median_of_all_runs_if_more_than_half_found_one() -> None:
    found = [sample(SWARM, seed, solved_after=seed / 10) for seed in (1, 2, 3)]
    lost = [sample(SWARM, seed) for seed in (4, 5, 6)]
    assert seconds_to_solution(found[:2]) == 1.5
    assert seconds_to_solution([*found, *lost[:2]]) == 3.0
    assert seconds_to_solution([*found, *lost]) is None


def test_a_map_counts_searches_by_row_and_column() -> None:
    assert visits(sample(SWARM, 1)).tolist() == [[0.0, 0.0], [3.0, 0.0]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.12345, "0.123"),
        (12.345, "12.3"),
        (0.99912, "0.9991"),
        (1234.5, "1,234"),
        (float("inf"), "∞"),
    ],
)
def test_a_number_has_three_digits_that_say_something(value: float, text: str) -> None:
    assert number(value) == text


def test_a_p_value_is_never_zero() -> None:
    assert p_value(1e-9) == "< 0.001"


def _detailed(rows: list[RunRow], **detail: JsonValue) -> list[RunRow]:
    """Return runs whose measures have this detail, and no other."""
    found = []
    for each in rows:
        assert each.measures is not None
        task = replace(each.measures.task, detail=detail)
        found.append(replace(each, measures=replace(each.measures, task=task)))
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]

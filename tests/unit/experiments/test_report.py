"""The page of results: the same rows give the same page, and it says what they say."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from orchestrator.experiments.plan import Study
from orchestrator.experiments.report.markdown import number, p_value
from orchestrator.experiments.report.material import Material, material_of
from orchestrator.experiments.report.page import page_of
from orchestrator.experiments.report.plates import Plates
from orchestrator.experiments.report.replacing import told_experiment
from orchestrator.experiments.report.series import quality_band, solved_share, visits
from orchestrator.experiments.rows import Experiment, RunRow
from orchestrator.experiments.studies import Wanted, runs_of
from orchestrator.experiments.summary import as_json, as_table, chance
from tests.support.experiment_runs import SWARM, row, sample
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


def material(rows: list[RunRow]) -> Material:
    began = datetime(2026, 1, 2, tzinfo=UTC)
    return material_of(EXPERIMENT, began, rows, {"digging": Digging()})


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
        "When does shared state help?",
        "How large is the effect?",
        "What should be shared?",
        "How does it fail?",
        "What it cost",
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


def test_runs_without_figures_are_counted_and_left_out(tmp_path: Path) -> None:
    first, *rest = rows_of(Wanted(seeds=3, studies=(Study.COMPARISON,)))
    rows = [replace(first, measures=None), *rest]
    assert f"{len(rows)} runs, 1 of them without figures" in page_of(
        material(rows), Plates(tmp_path)
    )
    assert f"1 of {len(rows)} runs have no figures" in as_table(EXPERIMENT, rows)
    assert as_json(EXPERIMENT, rows).count('"measures": null') == 1


def test_a_run_keeps_the_quality_that_it_had_when_it_ended() -> None:
    runs = [sample(SWARM, 1, quality=0.6, evaluations=100), sample(SWARM, 2, evaluations=400)]
    band = quality_band(runs[:1], chance())
    assert (band.middle[0], band.middle[-1]) == (0.0, 0.6)
    assert quality_band(runs, chance()).x[-1] == 400


def test_the_share_of_solved_runs_is_of_all_runs() -> None:
    runs = [sample(SWARM, 1, solved_after=0.5), sample(SWARM, 2, seconds=30.0)]
    assert solved_share(runs) == ([0.0, 5.0, 30.0], [0.0, 0.5, 0.5])


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


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]

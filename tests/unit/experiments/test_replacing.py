from pathlib import Path

from orchestrator.experiments.report.replacing import replaced_experiment


def written(text: str, folder: Path) -> Path:
    page = folder / "SWARM_RESULTS.md"
    page.write_text(text)
    return page


def test_a_page_of_another_experiment_is_known_to_be_replaced(tmp_path: Path) -> None:
    page = written("# Results\n\n12 runs; experiment `full`, begun on 1 May 2026.\n", tmp_path)
    assert replaced_experiment(page, "one-cell") == "full"
    assert replaced_experiment(page, "full") is None


def test_where_no_page_is_or_it_tells_of_no_experiment_none_is_replaced(tmp_path: Path) -> None:
    assert replaced_experiment(tmp_path / "SWARM_RESULTS.md", "full") is None
    assert replaced_experiment(written("a letter\n", tmp_path), "full") is None

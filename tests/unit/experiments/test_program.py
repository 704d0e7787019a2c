"""The digest of the program: another for any change of it, and for nothing else."""

from pathlib import Path

from orchestrator.experiments.program import digest_of, program_digest


def package(folder: Path, code: str) -> Path:
    (folder / "digger").mkdir(parents=True)
    (folder / "digger" / "deep.py").write_text(code)
    return folder / "digger"


def test_a_change_in_any_file_makes_another_digest(tmp_path: Path) -> None:
    before = digest_of([package(tmp_path / "before", "DEPTH = 1")])
    after = package(tmp_path / "after", "DEPTH = 2")
    assert digest_of([after]) != before
    (after / "deep.py").write_text("DEPTH = 1")
    assert digest_of([after]) == before
    (after / "deep.py").rename(after / "deeper.py")
    assert digest_of([after]) != before


def test_what_python_has_compiled_makes_none(tmp_path: Path) -> None:
    folder = package(tmp_path, "DEPTH = 1")
    before = digest_of([folder])
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "deep.cpython-311.pyc").write_bytes(b"\0")
    assert digest_of([folder]) == before


def test_the_program_that_runs_has_one() -> None:
    assert len(program_digest()) == 12
    assert program_digest() == program_digest()

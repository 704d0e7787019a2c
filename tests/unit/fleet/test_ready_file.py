"""The file that says that a worker takes messages."""

import os
from pathlib import Path

from swarm_workers.upkeep.ready_file import ReadyFile


def test_a_ready_file_names_its_process_and_lies_where_others_look(tmp_path: Path) -> None:
    ReadyFile(tmp_path, "celery@box").create(42)
    assert (tmp_path / "run" / "worker-celery@box.ready").read_text() == "42\n"


def test_a_sign_of_life_changes_its_time(tmp_path: Path) -> None:
    ready = ReadyFile(tmp_path, "celery@box")
    ready.create(42)
    os.utime(ready.path, (0, 0))
    ready.touch()
    assert ready.path.stat().st_mtime > 0


def test_a_sign_of_life_after_its_removal_does_not_bring_it_back(tmp_path: Path) -> None:
    ready = ReadyFile(tmp_path, "celery@box")
    ready.create(42)
    ready.remove()
    ready.remove()
    ready.touch()
    assert not ready.path.exists()

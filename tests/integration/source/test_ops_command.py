"""`swarm ops`: what a person types to bring two databases together."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.cli.main import app
from swarm_workers.protocols import TreeFile
from swarm_workers.source.errors import PurgedLandingError
from swarm_workers.source.folder import read_folder
from tasks_schema.errors import SwarmError
from tests.support.hubs import Hub
from tests.support.operation_files import SOUND, with_payload


def swarm(hub: Hub, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "orchestrator.cli.main", "ops", *words],
        check=False,
        input=given,
        capture_output=True,
        env={**os.environ, "SWARM_DATABASE_URL": hub.url},
        timeout=60,
    )


@pytest.fixture
def branch(hub: Hub) -> str:
    tree = {"pkg/a.py": TreeFile(b"x = 1\n"), "b.bin": TreeFile(b"\0" * 99)}
    return hub.store.import_tree(tree, name="command").branch_id


def test_two_databases_are_brought_together(
    hubs: tuple[Hub, Hub], branch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = hubs
    monkeypatch.setenv("SWARM_DATABASE_URL", ours.url)
    file = tmp_path / "operations.jsonl"
    done = CliRunner().invoke(app, ["ops", "export", branch, "--output", str(file)])
    assert (done.exit_code, done.output) == (0, "")
    assert sorted(tmp_path.iterdir()) == [file]
    seen = CliRunner().invoke(app, ["ops", "vector", branch]).stdout
    assert json.loads(seen) == ours.log.vector(branch)
    monkeypatch.setenv("SWARM_DATABASE_URL", theirs.url)
    done = CliRunner().invoke(app, ["ops", "import", str(file), "--json"])
    received = json.loads(done.stdout)
    assert received["branch_id"] == branch
    assert (received["known"], received["landing"]) == (0, 0)

    theirs.land(branch, {"pkg/a.py": TreeFile(b"x = 2\n")})
    exported = swarm(theirs, "export", branch, "--since", seen)
    assert len(exported.stdout.splitlines()) == 3, "one operation between beginning and end"
    done = swarm(ours, "import", given=exported.stdout)
    assert done.stdout.decode() == (
        f"1 operations merged, 0 were known; branch {branch} is at landing 1\n"
    )
    assert ours.store.checkout(branch) == theirs.store.checkout(branch)

    vector = tmp_path / "vector.json"
    vector.write_text(seen)
    for since in (str(vector), "0"):
        words = ["ops", "export", branch, "--since", since, "--scope", "pkg"]
        again = CliRunner().invoke(app, words).stdout
        assert json.loads(again.splitlines()[1])["payload"] == {"text": "x = 2\n"}


def test_any_state_is_checked_out_and_compared_with(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWARM_DATABASE_URL", hub.url)
    tree = {
        "pkg/a.py": TreeFile(b"x = 1\n"),
        "run": TreeFile(b"#!/bin/sh\n", is_executable=True),
        "link": TreeFile(b"", link_target="pkg"),
    }
    branch = hub.store.import_tree(tree, name="states").branch_id
    old = json.dumps(hub.log.vector(branch))
    hub.land(branch, {"pkg/a.py": TreeFile(b"x = 2\n")})
    hub.log.purge(branch, 1)
    for at, expected in ((["--at", old], tree), (["--at", "1"], None), ([], None)):
        folder = tmp_path / f"at{len(list(tmp_path.iterdir()))}"
        done = CliRunner().invoke(app, ["ops", "checkout", branch, "--into", str(folder), *at])
        assert done.output == f"3 files of branch {branch} written to {folder}\n"
        assert read_folder(folder) == (expected or hub.store.checkout(branch))
    again = CliRunner().invoke(app, ["ops", "checkout", branch, "--into", str(tmp_path)])
    assert "is there and not empty; name a new folder" in str(again.exception)
    for other, told in (
        (old, "after: 1 operations are here and not there, 0 there and not here\n"),
        ("1", "equal: 0 operations are here and not there, 0 there and not here\n"),
        (
            '{"far#0": 2}',
            "concurrent: 7 operations are here and not there, 2 there and not here\n",
        ),
    ):
        done = CliRunner().invoke(app, ["ops", "vector", branch, "--against", other])
        assert done.output == told


def test_old_landings_are_purged(hub: Hub, branch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWARM_DATABASE_URL", hub.url)
    hub.land(branch, {"pkg/a.py": TreeFile(b"x = 2\n")})
    done = CliRunner().invoke(app, ["ops", "purge", branch, "--before", "1"])
    assert done.stdout == f"the oldest landing of branch {branch} is 1\n"
    with pytest.raises(PurgedLandingError):
        hub.store.checkout(branch, 0)


def test_what_cannot_be_done_is_said_in_a_sentence(
    hub: Hub, branch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWARM_DATABASE_URL", hub.url)
    before = hub.sizes()
    unknown = str(uuid.uuid4())
    target = tmp_path / "out.jsonl"
    for words, given, told in (
        (["export", unknown], b"", f"there is no branch '{unknown}'"),
        (["export", branch, "--since", "9"], b"", "has no landing 9"),
        (["export", branch, "--since", "x"], b"", "'x' is no landing, no vector and no file"),
        (["export", branch, "--since", '{"a": 0}'], b"", "is no number from 1"),
        (["export", branch, "--scope", "pkgs", "--output", str(target)], b"", "near are pkg"),
        (["export"], b"", "no swarm was launched yet"),
        (["import", str(tmp_path / "none")], b"", "No such file"),
        (["import"], b"", "line 1 of the operations is missing: the file was cut off"),
        (["import"], b"".join(SOUND[:3]), "line 4 of the operations is missing"),
        (["import"], b"".join(with_payload(1, name="..")), "line 2 of the operations holds"),
    ):
        result = CliRunner().invoke(app, ["ops", *words], input=given)
        assert isinstance(result.exception, SwarmError | OSError), words
        assert told in str(result.exception)
    assert list(tmp_path.iterdir()) == []
    assert hub.sizes() == before
    done = swarm(hub, "import", given=b"{}")
    reason = "is neither operation nor blob, nor beginning nor end; nothing of it was taken in"
    assert done.returncode == 2
    assert done.stderr.decode() == f"swarm: line 1 of the operations {reason}\n"

"""A patch goes into a folder whole, or the folder and its repository stay as they were."""

import subprocess
from pathlib import Path

import pytest

from orchestrator.errors import UsageError
from orchestrator.launch.apply import apply_patch

PATCH = b"""diff --git a/calc.py b/calc.py
--- a/calc.py
+++ b/calc.py
@@ -1 +1 @@
-one = 2
+one = 1
"""
HOOK = "#!/bin/sh\necho 'error: the hook says no' >&2\nexit 1\n"


def git(folder: Path, *arguments: str) -> str:
    argv = ["git", "-C", str(folder), *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@pytest.fixture(autouse=True)
def known(monkeypatch, tmp_path):
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "someone")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "someone@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """Return a git repository with the code in a subfolder."""
    inner = tmp_path / "top" / "in ner"
    inner.mkdir(parents=True)
    (inner / "calc.py").write_text("one = 2\n")
    (inner.parent / "other.txt").write_text("old\n")
    git(inner.parent, "init", "-q", "-b", "main")
    git(inner.parent, "add", "-A")
    git(inner.parent, "commit", "-q", "-m", "first")
    return inner.parent


def test_a_folder_inside_a_repository_is_really_changed(top):
    apply_patch(PATCH, top / "in ner", branch=None, message=None)
    assert (top / "in ner" / "calc.py").read_text() == "one = 1\n"


def test_a_second_time_does_not_fit(top):
    apply_patch(PATCH, top / "in ner", branch=None, message=None)
    with pytest.raises(UsageError, match=r"the patch does not fit in .*calc\.py"):
        apply_patch(PATCH, top / "in ner", branch=None, message=None)


def test_a_commit_holds_the_patch_and_nothing_else_that_was_staged(top):
    (top / "other.txt").write_text("staged by the person\n")
    git(top, "add", "other.txt")
    apply_patch(PATCH, top / "in ner", branch="fix", message="Mend")
    assert git(top, "show", "--format=%s", "--name-only").split("\n\n") == [
        "Mend", "in ner/calc.py\n",
    ]  # fmt: skip
    assert git(top, "status", "--porcelain", "-b") == "## fix\nM  other.txt\n"


def test_a_commit_that_a_hook_refuses_leaves_neither_change_nor_branch(top):
    (top / ".git" / "hooks").mkdir(exist_ok=True)
    hook = top / ".git" / "hooks" / "pre-commit"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    with pytest.raises(UsageError, match="the hook says no"):
        apply_patch(PATCH, top / "in ner", branch="fix", message="Mend")
    assert git(top, "status", "--porcelain", "-b") == "## main\n"
    assert git(top, "branch", "--list", "fix") == ""


def test_a_commit_without_an_identity_leaves_neither_change_nor_branch(top, monkeypatch):
    for name in (
        "GIT_AUTHOR_NAME",
        "GIT_AUTHOR_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL",
    ):
        monkeypatch.delenv(name)
    git(top, "config", "user.useConfigOnly", "true")
    with pytest.raises(UsageError, match="nothing can be committed"):
        apply_patch(PATCH, top / "in ner", branch="fix", message="Mend")
    assert git(top, "status", "--porcelain", "-b") == "## main\n"


def test_a_branch_that_exists_is_refused(top):
    git(top, "branch", "fix")
    with pytest.raises(UsageError, match="'fix' already exists"):
        apply_patch(PATCH, top / "in ner", branch="fix", message=None)
    assert git(top, "status", "--porcelain", "-b") == "## main\n"


def test_a_folder_that_is_no_repository_is_changed_but_not_committed(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "calc.py").write_text("one = 2\n")
    with pytest.raises(UsageError, match="is no git repository"):
        apply_patch(PATCH, tmp_path, branch=None, message="Mend")
    assert (tmp_path / "calc.py").read_text() == "one = 2\n"
    apply_patch(PATCH, tmp_path, branch=None, message=None)
    assert (tmp_path / "calc.py").read_text() == "one = 1\n"

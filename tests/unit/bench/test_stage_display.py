"""How far a long command is."""

import pytest

from orchestrator.cli.stages import StageDisplay


def test_without_a_terminal_each_stage_is_a_line_on_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with StageDisplay() as display:
        display("flights", 0, 2)
        display("cut commits", 1, 2)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "1/2 flights\n2/2 cut commits\n")

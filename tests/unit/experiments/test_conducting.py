"""What is refused before an experiment has touched a server."""

from typing import Any

import pytest

from orchestrator.errors import UsageError
from orchestrator.experiments.conducting import conduct
from orchestrator.experiments.studies import Wanted


@pytest.mark.parametrize("task", ["research", "optimization", "failures", "all"])
def test_a_source_with_a_secret_is_refused_before_anything_is_recorded(task: str) -> None:
    no_servers: Any = None
    wanted = Wanted(sources=("https://me:hunter2@a.test/x",))
    with pytest.raises(UsageError, match=r"'https://a\.test' cannot be read") as caught:
        conduct(no_servers, task, wanted, experiment_id=None, show=no_servers)
    assert "hunter2" not in str(caught.value)

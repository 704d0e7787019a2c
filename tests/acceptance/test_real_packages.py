"""Released packages with a real bug, repaired without knowing what upstream did."""

import os
import shlex

import pytest

from tests.acceptance.conftest import passes_outside
from tests.acceptance.real_packages.fetch import IndexUnreachableError, find_entry, prepare

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.network]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["boltons", "python-intervals"])
def test_a_released_bug_is_repaired_so_that_the_later_release_s_test_passes(swarm, tmp_path, name):
    entry = find_entry(name)
    try:
        root = prepare(entry, tmp_path)
    except IndexUnreachableError as error:
        if os.environ.get("CI") and not os.environ.get("SWARM_TEST_OFFLINE"):
            raise
        pytest.skip(str(error))
    result = swarm.launch(
        root, entry.success, "--scope", entry.scope, "--agents", "4", "--timeout", "240s"
    )
    assert result["status"] == "succeeded"
    assert result["tests_before"]["failed"] == len(entry.red)
    swarm.run("apply", result["swarm_id"], "--repo", str(root))
    assert passes_outside(root, *shlex.split(entry.success)[1:])

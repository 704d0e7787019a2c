"""A fleet whose workers read a library of a dozen sources."""

import pytest

from tests.integration.optimization.conftest import Fleet, fleet, own_database
from tests.support.research import stand_in_for_the_machines

__all__ = ["fleet", "own_database", "reading"]


@pytest.fixture(scope="module")
def reading(fleet: Fleet) -> Fleet:
    stand_in_for_the_machines(fleet.home)
    return fleet

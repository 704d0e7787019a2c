"""Connections of an operator to the real servers, for the rooms that need both."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from orchestrator.launch.parts import Parts, connect
from orchestrator.settings import OrchestratorSettings


@pytest.fixture
def operator_settings(redis_url: str, database: str) -> OrchestratorSettings:
    """Settings that name the servers; a folder overrides this for others."""
    return OrchestratorSettings(redis_url=SecretStr(redis_url), database_url=SecretStr(database))


@pytest.fixture
def parts(operator_settings: OrchestratorSettings) -> Iterator[Parts]:
    """Connections, closed after the test."""
    made = connect(operator_settings)
    yield made
    made.spaces.close()
    made.client.close()
    made.engine.dispose()

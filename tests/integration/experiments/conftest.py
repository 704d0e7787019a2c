"""What the experiments' rooms share: connections to the servers that the suite runs."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from orchestrator.launch.parts import Parts, connect
from orchestrator.settings import OrchestratorSettings


@pytest.fixture
def parts(redis_url: str, database: str) -> Iterator[Parts]:
    settings = OrchestratorSettings(
        redis_url=SecretStr(redis_url), database_url=SecretStr(database)
    )
    made = connect(settings)
    yield made
    made.spaces.close()
    made.client.close()
    made.engine.dispose()

"""Addresses that no server can have are refused in a sentence that does not show their password."""

import pytest

from orchestrator.cli.stack import read_settings
from orchestrator.errors import UsageError


@pytest.mark.parametrize("variable", ["SWARM_REDIS_URL", "SWARM_DATABASE_URL"])
@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "mysql://u:s3cret@host/x", "redis://u:s3cret@host:abc", "//s3cret@host:99999"],
)
def test_what_is_no_address_is_refused(monkeypatch, variable, url):
    monkeypatch.setenv(
        variable, url.replace("redis:", "postgresql:") if "DATA" in variable else url
    )
    with pytest.raises(UsageError, match=f"{variable} is no address such as") as told:
        read_settings()
    assert "s3cret" not in str(told.value)


def test_addresses_of_servers_are_taken(monkeypatch):
    monkeypatch.setenv("SWARM_REDIS_URL", "unix:///run/redis.sock")
    monkeypatch.setenv("SWARM_DATABASE_URL", "postgresql:///swarm?host=/run/postgresql")
    assert read_settings().require_redis_url() == "unix:///run/redis.sock"

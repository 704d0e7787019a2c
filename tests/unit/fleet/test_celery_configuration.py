"""The app's settings: when they are read, what they promise, and what they keep to themselves."""

from pathlib import Path

import pytest

from swarm_workers.celery_app import BrokerUnknownError, FleetApp, broker_url, configuration
from swarm_workers.errors import ConfigurationError
from swarm_workers.settings import Settings

URL = "redis://:secret-word@box:6379/3"


@pytest.fixture
def app() -> FleetApp:
    return FleetApp("unit", set_as_current=False)


def test_an_app_without_a_broker_says_so_each_time_and_works_once_there_is_one(
    app: FleetApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SWARM_HOME", str(tmp_path))
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="SWARM_REDIS_URL is not set"):
            app.conf.broker_url  # noqa: B018  # reading it is what is tested
    monkeypatch.setenv("SWARM_REDIS_URL", URL)
    assert app.conf.broker_url == URL


def test_a_setting_without_sense_is_named_in_the_refusal(
    app: FleetApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWARM_VISIBILITY_TIMEOUT_SECONDS", "soon")
    with pytest.raises(BrokerUnknownError, match="visibility_timeout_seconds"):
        app.conf.broker_url  # noqa: B018  # reading it is what is tested


def test_making_an_app_reads_no_setting(app: FleetApp) -> None:
    assert not app.configured


def test_an_app_shows_its_broker_without_the_password(
    app: FleetApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWARM_REDIS_URL", URL)
    with app.connection() as connection:
        assert connection.as_uri() == "redis://:**@box:6379/3"
    assert "secret-word" not in app.conf.humanize()


def test_a_message_is_acknowledged_only_after_its_attempt_and_never_held_back() -> None:
    chosen = configuration(Settings(redis_url=URL))
    assert chosen["task_acks_late"]
    assert chosen["task_reject_on_worker_lost"]
    assert chosen["worker_disable_prefetch"]
    assert chosen["accept_content"] == ["json"]


@pytest.mark.parametrize("seconds", [2, 60, 600])
def test_a_lost_message_waits_for_little_more_than_the_visibility_timeout(seconds: int) -> None:
    settings = Settings(redis_url=URL, visibility_timeout_seconds=seconds)
    options = configuration(settings)["broker_transport_options"]
    assert options["visibility_timeout"] == seconds
    sweep = options["unacked_restore_interval"] * options["unacked_restore_throttle"]
    assert sweep <= seconds / 4
    assert options["unacked_mutex_expire"] <= seconds


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (URL, URL),
        ("rediss://box", "rediss://box"),
        ("unix:///run/v.sock", "redis+socket:///run/v.sock?virtual_host=0"),
        ("unix://:pw@/run/v.sock?db=2", "redis+socket://:pw@/run/v.sock?virtual_host=2"),
    ],
)
def test_kombu_is_given_the_form_of_url_that_it_knows(named: str, expected: str) -> None:
    assert broker_url(named) == expected

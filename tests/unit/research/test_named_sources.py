from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from swarm_workers.clock import RealClock
from swarm_workers.problems.research.corpus import fetching
from swarm_workers.problems.research.corpus.fetching import fetch_documents
from swarm_workers.problems.research.corpus.folders import folder_documents
from swarm_workers.problems.research.corpus.markup import text_of
from swarm_workers.problems.research.corpus.named import documents_in, tree_of
from swarm_workers.problems.research.errors import SourceUnavailableError
from tests.support.research import documents

LONG = "A ferry crosses the water to the other side every hour. " * 9
PAGE = f"<html><head><title>x</title></head><body><h1>Ferries</h1><p>{LONG}</p></body></html>"


def fetched(handler: Callable[[httpx.Request], httpx.Response], url: str = "http://a.test/x"):
    return fetch_documents([url], RealClock(), httpx.MockTransport(handler))


def answering(**answer: object) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(**({"status_code": 200} | answer))


def test_a_page_is_read_as_text() -> None:
    (found,) = fetched(answering(html=PAGE))
    assert found.id == "url:http://a.test/x"
    assert found.text == f"Ferries\n\n{LONG.strip()}"


def test_nothing_that_would_run_is_read() -> None:
    page = "<p>a &lt;b&gt;<script>alert(1)</script> c<br>d</p><style>p {}</style><!-- e --><p>f"
    assert text_of(page) == "a <b> c\n\nd\n\nf"
    assert text_of("<script>never closed") == ""
    assert text_of("no markup & none < needed") == "no markup & none < needed"


@pytest.mark.parametrize(
    "begin", ["<body class=x>", "<main>", "<p>", "text<br>", "<!doctype x><h1>"]
)
def test_a_head_ends_where_the_body_begins_though_no_tag_ends_it(begin: str) -> None:
    page = f"<html><head><meta charset=utf-8><title>t</title><link href=a>{begin}{LONG}"
    assert text_of(page).endswith(LONG.strip())
    assert not text_of(page).startswith("t")


def test_what_a_head_keeps_for_browsers_without_scripts_does_not_end_it() -> None:
    page = f"<head><noscript><img src=a> pixel</noscript><title>t</title></head><p>{LONG}"
    assert text_of(page) == LONG.strip()


def test_a_redirect_is_followed() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/x":
            return httpx.Response(302, headers={"location": "/y"})
        return httpx.Response(200, text=LONG)

    assert fetched(handler)[0].text == LONG.strip()


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (answering(status_code=404), "the server answers 404"),
        (answering(text="too little"), "less than 300 characters"),
        (answering(content=b"PK", headers={"content-type": "application/zip"}), "not a text"),
        (answering(content=b"a" * (fetching.BYTES_MAX + 1)), "longer than"),
        (answering(status_code=302, headers={"location": "/x"}), "redirects"),
        (
            answering(status_code=302, headers={"location": "file:///etc/passwd"}),
            "it does not begin with http",
        ),
    ],
)
def test_a_source_that_cannot_be_had_is_named_with_the_reason(handler, reason: str) -> None:
    with pytest.raises(SourceUnavailableError, match=f"cannot be read.*(?i:{reason})"):
        fetched(handler)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a.test/", "a.test", ""])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(SourceUnavailableError):
        fetched(answering(text=LONG), url)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://me:hunter2@a.test/x", "'https://a.test'"),
        ("https://hunter2@a.test:8080?q", "'https://a.test:8080'"),
        ("https://me:p@hunter2@a.test#f", "'https://a.test'"),
        ("https://me:hunter2@a.test/x?to=http://b.test", "'https://a.test'"),
        ("me:hunter2@a.test/x", "'a.test'"),
    ],
)
def test_an_address_with_a_secret_is_refused_unasked_and_the_secret_is_not_repeated(
    url: str, host: str
) -> None:
    asked: list[httpx.Request] = []
    with pytest.raises(SourceUnavailableError, match="carries a user or a token") as caught:
        fetched(lambda request: asked.append(request) or httpx.Response(200, text=LONG), url)
    assert host in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert asked == []


def test_an_at_sign_in_a_path_is_no_secret() -> None:
    (found,) = fetched(answering(text=LONG), "https://a.test/@somebody?to=x@y.test")
    assert found.id == "url:https://a.test/@somebody?to=x@y.test"


def test_a_server_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "SECONDS_MAX", 0.0)
    with pytest.raises(SourceUnavailableError, match="took longer than 0 s"):
        fetched(answering(text=LONG))


def test_a_folder_is_read_by_the_order_of_its_paths(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text(LONG)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "page.HTML").write_text(PAGE)
    (tmp_path / "c.py").write_text(LONG)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "d.txt").write_text(LONG)
    (tmp_path / "e.txt").symlink_to("/etc/passwd")
    found = folder_documents(tmp_path)
    name = tmp_path.name
    assert [each.id for each in found] == [f"file:{name}/a/page.HTML", f"file:{name}/b.md"]
    assert found[0].text.startswith("Ferries\n\n")


def test_a_folder_without_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="no file in it is a text"):
        folder_documents(tmp_path)
    with pytest.raises(SourceUnavailableError, match="no such folder"):
        folder_documents(tmp_path / "absent")


def test_documents_come_back_from_the_tree_as_they_were() -> None:
    assert documents_in(tree_of(reversed(documents()))) == documents()

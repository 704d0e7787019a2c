"""Documents at URLs that a person names. Fetched once, by whoever launches; never executed.

The person names the address, so it may be one of their own network; a redirect stays bounded.
"""

import re
from collections.abc import Iterable, Sequence

import httpx

from swarm_workers.clock import Clock
from swarm_workers.problems.research.corpus.document import CHARACTERS_MIN, Document, document
from swarm_workers.problems.research.corpus.markup import text_of
from swarm_workers.problems.research.errors import SourceUnavailableError

BYTES_MAX = 4 * 2**20
"""Of one answer, decompressed."""
SECONDS_MAX = 20.0
"""For one source, all redirects together."""
REPLY_SECONDS_MAX = 10.0
"""The longest pause of a server."""
REDIRECTS_MAX = 5
_WITH_USER = re.compile(
    r"\s*(?P<scheme>[a-z][a-z0-9+.-]*://)?[^/?#]*@(?P<host>[^/?#]*)", re.IGNORECASE
)
_READABLE = ("text/", "application/xhtml", "application/json", "application/xml")
_PAGES = ("text/html", "application/xhtml")


def fetch_documents(
    urls: Sequence[str], clock: Clock, transport: httpx.BaseTransport | None = None
) -> list[Document]:
    """Return the document at each URL. Blocks for at most `SECONDS_MAX` each.

    Args:
        urls: beginning with `http://` or `https://`.
        clock: for the bound in time.
        transport: for the requests; None for the network.

    Raises:
        SourceUnavailableError: one of them cannot be had, is no text, or carries a secret.
    """
    refuse_secrets(urls)
    with httpx.Client(
        transport=transport,
        timeout=REPLY_SECONDS_MAX,
        follow_redirects=True,
        max_redirects=REDIRECTS_MAX,
        event_hooks={"request": [_refuse_others]},
        headers={"User-Agent": "swarm-fleet", "Accept": "text/*;q=1, */*;q=0.1"},
    ) as client:
        return [_fetched(client, url, clock) for url in urls]


def refuse_secrets(urls: Iterable[str]) -> None:
    """Refuse addresses that carry a user's name or password: they would be cited and recorded.

    Raises:
        SourceUnavailableError: one does; the error tells its host alone.
    """
    for url in urls:
        found = _WITH_USER.match(url)
        if found is not None:
            raise SourceUnavailableError(
                f"{found['scheme'] or ''}{found['host']}",
                "its address carries a user or a token, and addresses are recorded and cited; "
                "fetch it yourself, and name the folder with --corpus",
            )


def _refuse_others(request: httpx.Request) -> None:
    """Refuse what is not on the web. Asked of every request, those after a redirect included."""
    if request.url.scheme not in ("http", "https"):
        raise SourceUnavailableError(str(request.url), "it does not begin with http:// or https://")


def _fetched(client: httpx.Client, url: str, clock: Clock) -> Document:
    try:
        with client.stream("GET", url) as response:
            text = _text(url, response, clock)
    except httpx.InvalidURL as error:
        raise SourceUnavailableError(url, f"it is no address: {error}") from error
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise SourceUnavailableError(url, reason) from error
    found = document("url", url, url, text)
    if found is None:
        raise SourceUnavailableError(url, f"it has less than {CHARACTERS_MIN} characters of text")
    return found


def _text(url: str, response: httpx.Response, clock: Clock) -> str:
    if response.status_code != httpx.codes.OK:
        raise SourceUnavailableError(url, f"the server answers {response.status_code}")
    kind = response.headers.get("content-type", "text/plain").lower()
    if not kind.startswith(_READABLE):
        raise SourceUnavailableError(url, f"it is '{kind}', not a text")
    data, deadline = bytearray(), clock.monotonic() + SECONDS_MAX
    for chunk in response.iter_bytes():
        data += chunk
        if len(data) > BYTES_MAX:
            raise SourceUnavailableError(url, f"it is longer than {BYTES_MAX} bytes")
        if clock.monotonic() > deadline:
            raise SourceUnavailableError(url, f"it took longer than {SECONDS_MAX:g} s")
    text = bytes(data).decode(response.charset_encoding or "utf-8", errors="replace")
    return text_of(text) if kind.startswith(_PAGES) else text

"""The text of an HTML page: what a person would read, nothing that would run.

Pure: no I/O, no clock, no chance.
"""

import re
from html.parser import HTMLParser
from typing import Final

from typing_extensions import override

_UNREAD: Final = frozenset({"script", "style", "template", "noscript", "svg", "head", "nav"})
_OF_HEAD: Final = frozenset({
    "base", "basefont", "bgsound", "head", "link", "meta", "noframes", "noscript", "script",
    "style", "template", "title",
})  # fmt: skip
"""All that can be in a head. HTML lets its end be left out: any other tag begins the body."""
_BLOCKS: Final = frozenset({
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main",
    "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul",
})  # fmt: skip


def text_of(page: str) -> str:
    """Return the text of a page, paragraphs apart. Never fails: what is no HTML is text."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    paragraphs = re.split(r"\n\s*\n", "".join(reader.parts))
    lines = (" ".join(each.split()) for each in paragraphs)
    return "\n\n".join(filter(None, lines))


class _Reader(HTMLParser):
    """Collects text outside of what is not for reading."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unread: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._unread[-1:] == ["head"] and tag not in _OF_HEAD:
            self._unread.pop()
        if tag in _UNREAD:
            self._unread.append(tag)
        elif tag in _BLOCKS:
            self.parts.append("\n\n")

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in self._unread:
            del self._unread[self._unread.index(tag) :]
        elif tag in _BLOCKS:
            self.parts.append("\n\n")

    @override
    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(data)

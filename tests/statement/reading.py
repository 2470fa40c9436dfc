"""A page as who reads it finds it: its elements, its words, and whether it is whole."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta"}
"""What is never closed. Shapes of SVG are, or close themselves."""


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    words: str = ""
    """Its own and those of all inside."""


@dataclass
class Page(HTMLParser):
    """Raises AssertionError for an element that is not closed where it should be."""

    source: str
    elements: list[Element] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        self.close()
        assert not self._open, [element.tag for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        assert len(attrs) == len(element.attributes), f"<{tag}> says something twice"
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, tag
        assert self._open.pop().tag == tag, tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.words += data

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def words(self) -> str:
        (body,) = self.all("body")
        return body.words

    def instants(self) -> list[str]:
        """Every instant and every duration, as a machine reads them."""
        return sorted(str(element.attributes["datetime"]) for element in self.all("time"))

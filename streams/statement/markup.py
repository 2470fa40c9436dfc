"""HTML by construction: whatever is not `Markup` already becomes text, and text cannot act."""

from html import escape
from typing import Final

from streams.visible import visible

_VOID: Final = frozenset({"meta", "br", "rect", "line"})
"""Elements without content; those of SVG are written `<rect …/>`, which HTML reads as well."""


class Markup(str):
    """Text that is HTML."""

    __slots__ = ()


LINE_END: Final = Markup("\n")
"""Between parts, for whoever reads the source."""


def text(content: object) -> Markup:
    """Anything as HTML: characters of markup are escaped; those that are not seen but act (controls, turns of the
    reading direction) are shown."""
    return content if isinstance(content, Markup) else Markup(escape(visible(str(content))))


def join(*contents: object, by: str = "") -> Markup:
    """Several things in a row."""
    return Markup(text(by).join(text(content) for content in contents))


def element(tag: str, /, *contents: object, **attributes: object) -> Markup:
    """An element. Attributes are written with hyphens for underscores (`class_` without its last one); None leaves one
    out, True has no value."""
    given = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None)
    if tag in _VOID:
        return Markup(f"<{tag}{given}/>" if not contents else f"<{tag}{given}>{join(*contents)}</{tag}>")
    return Markup(f"<{tag}{given}>{join(*contents)}</{tag}>")


def _attribute(key: str, value: object) -> str:
    name, written = key.rstrip("_").replace("_", "-"), text(value)
    if "<" in written or '"' in written:
        raise ValueError(f"{name}={written}: an attribute holds no elements")
    return f" {name}" if value is True else f' {name}="{written}"'

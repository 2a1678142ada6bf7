"""Open311's XML beside its JSON: the same values written as elements, and read back from others without trusting them.

Reading allows no document type, no entities of its own, no depth and no size beyond bounds: what a stranger sends can
neither read our files nor eat our memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from xml.parsers import expat
from xml.sax.saxutils import escape

MOST_BYTES = 1024 * 1024
_DEEPEST = 8
_MOST_ELEMENTS = 20_000
_ITEMS: Mapping[str, str] = MappingProxyType(
    {
        "services": "service",
        "service_requests": "request",
        "attributes": "attribute",
        "errors": "error",
        "endpoints": "endpoint",
        "formats": "format",
        "values": "value",
    }
)
"""What each list's elements are called (GeoReport v2)."""

Plain = str | int | bool | None | Mapping[str, "Plain"] | Sequence["Plain"]


class UnsafeXmlError(ValueError):
    """XML that is none, or that we do not read; the message is for people."""


def written(root: str, value: object) -> bytes:
    """Return a document with this root."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n{_element(root, value)}\n'.encode()


def read_xml(content: bytes) -> tuple[str, object]:
    """Return the root's name and its value: lists where GeoReport has them, mappings of texts elsewhere."""
    if len(content) > MOST_BYTES:
        raise UnsafeXmlError("XML 太大。")
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.EntityDeclHandler = _refuse_doctype
    parser.ExternalEntityRefHandler = lambda *_: 0
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise UnsafeXmlError(f"不是 XML（{expat.ErrorString(error.code)}）。") from error
    return reader.root


class _Reader:
    """Collects elements; of each its name, its text and its children."""

    def __init__(self) -> None:
        self._open: list[tuple[str, list[str], list[tuple[str, object]]]] = []
        self._seen = 0
        self.root: tuple[str, object] = ("", "")

    def begin(self, name: str, _attributes: object) -> None:
        self._seen += 1
        if len(self._open) >= _DEEPEST or self._seen > _MOST_ELEMENTS:
            raise UnsafeXmlError("XML 太深或太多。")
        self._open.append((name, [], []))

    def text(self, words: str) -> None:
        if self._open:
            self._open[-1][1].append(words)

    def end(self, _name: str) -> None:
        name, words, children = self._open.pop()
        value: object = "".join(words).strip()
        if name in _ITEMS:
            value = [each for _, each in children]
        elif children:
            value = dict(children)
        if self._open:
            self._open[-1][2].append((name, value))
        else:
            self.root = (name, value)


def _refuse_doctype(*_: object) -> None:
    raise UnsafeXmlError("XML 里不许有 DOCTYPE。")


def _element(name: str, value: object) -> str:
    if value is None:
        return f"<{name}/>"
    if isinstance(value, Mapping):
        inner = "".join(_element(str(key), each) for key, each in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        inner = "".join(_element(_ITEMS[name], each) for each in value)
    elif isinstance(value, bool):
        inner = "true" if value else "false"
    else:
        inner = escape("".join(letter for letter in str(value) if letter.isprintable() or letter == "\n"))
    return f"<{name}>{inner}</{name}>"

"""The named values of an XML or JSON document, in order, whatever its structure is.

Untrusted: no document type, hence no entities; depth and number of values are bounded.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from scans.errors import SidecarMalformedError

MAX_DEPTH = 64
MAX_ENTRIES = 50_000

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BARE_AMPERSAND = re.compile(r"&(?!(?:#\d+|#x[0-9a-fA-F]+|amp|lt|gt|quot|apos);)")
_IGNORED = re.compile(r"[\W_]+|\d+$")
_NAME_KEYS, _VALUE_KEY = ("name", "key"), "value"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One named value.

    Attributes:
        name: Normalised, see ``normalise_name``.
        value: Without surrounding space; may be empty.
        parent: Normalised name of what it stands in.
        attributes: What is said of it beside, by normalised name.
    """

    name: str
    value: str
    parent: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Document:
    """The values of one document. ``root`` is the outermost element as written, or ``json``."""

    root: str
    entries: tuple[Entry, ...]


def normalise_name(name: str) -> str:
    """Return a name without prefix, case, separators and number: ``ns:Container_No2`` is ``containerno``."""
    local = unicodedata.normalize("NFKC", name).rpartition(":")[2]
    return _IGNORED.sub("", _IGNORED.sub("", local).casefold())


def read_document(text: str) -> Document:
    """Return the named values of a document.

    Raises:
        SidecarMalformedError: If it is neither XML nor JSON, breaks its form, or is too deep or too large.
    """
    text = _CONTROL.sub("", text).strip()
    if text.startswith("<"):
        return _XmlReader().read(text)
    if text.startswith(("{", "[")):
        return _read_json(text)
    raise SidecarMalformedError("the file is neither XML nor JSON")


class _XmlReader:
    """Collects the entries of one XML document while expat walks it."""

    def __init__(self) -> None:
        self._root = ""
        self._entries: list[Entry] = []
        self._open: list[tuple[str, dict[str, str], list[str]]] = []

    def read(self, text: str) -> Document:
        if "<![CDATA[" not in text:
            text = _BARE_AMPERSAND.sub("&amp;", text)
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(text, True)
        except expat.ExpatError as error:
            raise SidecarMalformedError(f"the XML is broken: {error}") from error
        return Document(root=self._root, entries=tuple(self._entries))

    def _refuse_doctype(self, *_: object) -> None:
        raise SidecarMalformedError("the XML has a document type, which no scanner needs")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) == MAX_DEPTH:
            raise SidecarMalformedError(f"the XML is deeper than {MAX_DEPTH} levels")
        self._root = self._root or tag.rpartition(":")[2]
        self._open.append((tag, attributes, []))

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1][2].append(text)

    def _end(self, _: str) -> None:
        tag, written, texts = self._open.pop()
        named = [(normalise_name(name), value.strip()) for name, value in written.items()]
        attributes = dict(named)
        parent = normalise_name(self._open[-1][0]) if self._open else ""
        value = "".join(texts).strip() or attributes.get(_VALUE_KEY, "")
        name = next((attributes[key] for key in _NAME_KEYS if key in attributes), tag)
        self._entries.append(
            Entry(name=normalise_name(name), value=value, parent=parent, attributes=attributes)
        )
        self._entries.extend(
            Entry(name=key, value=text, parent=normalise_name(tag))
            for key, text in named
            if key not in (*_NAME_KEYS, _VALUE_KEY)
        )
        _check_number(len(self._entries))


class _Object(list[tuple[str, object]]):
    """A JSON object with its names in order, the repeated ones too."""


def _read_json(text: str) -> Document:
    try:
        content = json.loads(text, object_pairs_hook=_Object)
        entries = tuple(_json_entries(content, name="", parent="", depth=0))
    except (ValueError, RecursionError) as error:
        raise SidecarMalformedError(f"the JSON is broken: {str(error)[:200]}") from error
    _check_number(len(entries))
    return Document(root="json", entries=entries)


def _json_entries(content: object, *, name: str, parent: str, depth: int) -> Iterator[Entry]:
    if depth > MAX_DEPTH:
        raise SidecarMalformedError(f"the JSON is deeper than {MAX_DEPTH} levels")
    if isinstance(content, _Object):
        scalars = {
            normalise_name(key): _scalar(value) for key, value in content if not isinstance(value, list)
        }
        label = next((scalars[key] for key in _NAME_KEYS if key in scalars), None)
        if label is not None and _VALUE_KEY in scalars:
            yield Entry(
                name=normalise_name(label), value=scalars[_VALUE_KEY], parent=name, attributes=scalars
            )
            return
        for key, value in content:
            if isinstance(value, list):
                yield from _json_entries(value, name=normalise_name(key), parent=name, depth=depth + 1)
            else:
                yield Entry(name=normalise_name(key), value=_scalar(value), parent=name, attributes=scalars)
    elif isinstance(content, list):
        for item in content:
            yield from _json_entries(item, name=name, parent=parent, depth=depth + 1)
    else:
        yield Entry(name=name, value=_scalar(content), parent=parent)


def _scalar(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return _CONTROL.sub("", str(value)).strip()


def _check_number(n_entries: int) -> None:
    if n_entries > MAX_ENTRIES:
        raise SidecarMalformedError(f"the file has more than {MAX_ENTRIES} values")

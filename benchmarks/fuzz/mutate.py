"""Damages files where it hurts: in the fields of their format, with the checksums made right again.

A mutation is chosen by a ``random.Random``, so a case is named by its seed and number and can be repeated.
"""

import random
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Span = tuple[int, int]
"""Start and end of a field."""

INTERESTING = (0, 1, 2, 3, 7, 8, 16, 64, 127, 128, 255, 256, 4096, 32767, 32768, 65535, 65536, 1 << 20,
               (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, (1 << 64) - 1)  # fmt: skip
TEXTS = (b"", b"-1", b"1e999", b"null", b"NaN", b"[" * 2000, b"{\"a\":" * 500, b"\x00", b"\xff\xfe",
         "\u202e箱号\ud7ff".encode(), b"9" * 400, b"&lol;", b"<!DOCTYPE a [<!ENTITY b \"cc\">]>", b"\r\n--",
         b"true", b"\\u0000", b"\\ud800", b"2026-13-40T99:99:99Z", b"../../etc/passwd")  # fmt: skip
MAX_BYTES = 200_000
P_FIELD = 0.7
P_REPAIR = 0.8


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """What the mutator knows of a format: where its fields are, and how its checksums are made right."""

    fields: Callable[[bytes], Iterator[Span]]
    repair: Callable[[bytearray], None] = lambda data: None
    is_text: bool = False


def mutate(rng: random.Random, data: bytes, grammar: Grammar, others: Sequence[bytes]) -> bytes:
    """Return a damaged copy.

    Args:
        rng: Chooses everything.
        data: A sound file.
        grammar: Of its format.
        others: Files to take pieces of.
    """
    damaged = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
        spans = [span for span in grammar.fields(bytes(damaged)) if span[0] <= span[1] <= len(damaged)]
        if spans and rng.random() < P_FIELD:
            start, end = rng.choice(spans)
        else:
            start = rng.randrange(len(damaged) + 1)
            end = min(len(damaged), start + rng.choice((1, 1, 2, 4, 8, 30)))
        rng.choice(_OPERATIONS)(rng, damaged, start, end, spans, others, grammar.is_text)
        del damaged[MAX_BYTES:]
    if rng.random() < P_REPAIR:
        grammar.repair(damaged)
    return bytes(damaged)


def _set(
    rng: random.Random, data: bytearray, start: int, end: int, _s: object, _o: object, text: bool
) -> None:
    if text:
        data[start:end] = rng.choice(TEXTS)
        return
    size = end - start if end - start in (1, 2, 4, 8) else rng.choice((1, 2, 4, 8))
    value = rng.choice(INTERESTING) + rng.choice((-1, 0, 0, 1))
    data[start : start + size] = (value % (1 << 8 * size)).to_bytes(size, rng.choice(("little", "big")))


def _nudge(rng: random.Random, data: bytearray, start: int, end: int, *_: object) -> None:
    order: Literal["little", "big"] = rng.choice(("little", "big"))
    size = end - start
    value = int.from_bytes(data[start:end], order) + rng.choice((-256, -16, -2, -1, 1, 2, 16, 256))
    data[start:end] = (value % (1 << 8 * size)).to_bytes(size, order) if size else b""


def _flip(rng: random.Random, data: bytearray, start: int, end: int, *_: object) -> None:
    if start < end:
        data[rng.randrange(start, end)] ^= 1 << rng.randrange(8)


def _noise(rng: random.Random, data: bytearray, start: int, end: int, *_: object) -> None:
    data[start:end] = rng.randbytes(end - start)


def _delete(_rng: random.Random, data: bytearray, start: int, end: int, *_: object) -> None:
    del data[start:end]


def _cut(_rng: random.Random, data: bytearray, start: int, _end: int, *_: object) -> None:
    del data[start:]


def _repeat(rng: random.Random, data: bytearray, start: int, end: int, *_: object) -> None:
    data[end:end] = data[start:end] * rng.choice((1, 1, 2, 50, 3000))


def _swap(
    rng: random.Random, data: bytearray, start: int, end: int, spans: Sequence[Span], *_: object
) -> None:
    if spans:
        other = rng.choice(spans)
        data[start:end], data[other[0] : other[1]] = data[other[0] : other[1]], data[start:end]


def _splice(
    rng: random.Random, data: bytearray, start: int, end: int, _s: object, others: Sequence[bytes], _t: bool
) -> None:
    other = rng.choice(others)
    at = rng.randrange(len(other) + 1)
    data[start:end] = other[at : at + rng.choice((4, 16, 200, 5000))]


_OPERATIONS: tuple[Callable[..., None], ...] = (
    _set, _set, _set, _nudge, _flip, _noise, _delete, _cut, _repeat, _swap, _splice,
)  # fmt: skip


def _png_chunks(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the start and the length of the data of each chunk that the file has room for."""
    at = 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if at + 12 + length > len(data):
            return
        yield at + 8, length
        at += 12 + length


def _png_fields(data: bytes) -> Iterator[Span]:
    for start, length in _png_chunks(data):
        yield start - 8, start - 4
        yield start - 4, start
        yield start - 8, start + length + 4
        if length == 13:
            yield from ((start, start + 4), (start + 4, start + 8))
            yield from ((start + i, start + i + 1) for i in range(8, 13))
        else:
            yield start, start + length


def _png_repair(data: bytearray) -> None:
    for start, length in list(_png_chunks(bytes(data))):
        struct.pack_into(">I", data, start + length, zlib.crc32(data[start - 4 : start + length]))


def _tiff_fields(data: bytes) -> Iterator[Span]:
    yield from ((0, 2), (2, 4), (4, 8))
    order = "<" if data[:1] == b"I" else ">"
    is_big = data[2:4] in (b"+\0", b"\0+")
    if len(data) < 16:
        return
    (at,) = struct.unpack_from(order + ("Q" if is_big else "I"), data, 8 if is_big else 4)
    size, count_size = (20, 8) if is_big else (12, 2)
    for _ in range(3):  # pages; a loop of directories is one of the faults
        if at + count_size > len(data):
            return
        n_tags = int.from_bytes(data[at : at + count_size], "little" if order == "<" else "big")
        yield at, at + count_size
        at += count_size
        for _ in range(min(n_tags, 40)):
            middle = at + size - (8 if is_big else 4)
            yield from (
                (at, at + 2),
                (at + 2, at + 4),
                (at + 4, middle),
                (middle, at + size),
                (at, at + size),
            )
            at += size
        yield at, at + (8 if is_big else 4)
        if at + 8 > len(data):
            return
        (at,) = struct.unpack_from(order + ("Q" if is_big else "I"), data, at)
        if not at:
            return


def _jpeg_fields(data: bytes) -> Iterator[Span]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        (length,) = struct.unpack_from(">H", data, at + 2)
        yield from ((at, at + 2), (at + 2, at + 4), (at, at + 2 + length), (at + 4, at + 2 + length))
        if 0xC0 <= data[at + 1] <= 0xCF:
            yield from ((at + 4, at + 5), (at + 5, at + 7), (at + 7, at + 9), (at + 9, at + 10))
        at += 2 + max(length, 2)


def _dicos_fields(data: bytes) -> Iterator[Span]:
    yield 128, 132
    at = 132
    while at + 8 <= len(data):
        is_long = data[at + 4 : at + 6] in (b"OB", b"OW", b"SQ", b"UN", b"UT", b"OF")
        start = at + (12 if is_long else 8)
        length = int.from_bytes(data[start - (4 if is_long else 2) : start], "little")
        yield from ((at, at + 4), (at + 4, at + 6), (start - (4 if is_long else 2), start))
        yield from ((start, start + length), (at, start + length))
        at = start + length


def _raw16_fields(data: bytes) -> Iterator[Span]:
    yield from ((i, i + 1) for i in range(8, 12))
    yield from ((i, i + 4) for i in range(12, 32, 4))
    yield from ((i, i + 1) for i in range(32, min(len(data), 64)))
    yield 32, len(data)


def _raw16_repair(data: bytearray) -> None:
    if len(data) >= 32:
        struct.pack_into("<I", data, 28, zlib.crc32(data[:28]))


def _px16_fields(data: bytes) -> Iterator[Span]:
    yield from ((i, i + 1) for i in range(4, 8))
    yield from ((i, i + 4) for i in range(8, 24, 4))
    for entry in range(24, min(len(data), 24 + 16 * 4), 16):
        yield from ((entry, entry + 8), (entry + 8, entry + 12), (entry + 12, entry + 16))


def _px16_repair(data: bytearray) -> None:
    if len(data) < 24:
        return
    (n_strips,) = struct.unpack_from("<I", data, 20)
    for at in range(24, min(len(data) - 15, 24 + 16 * min(n_strips, 1024)), 16):
        offset, size = struct.unpack_from("<QI", data, at)
        struct.pack_into("<I", data, at + 12, zlib.crc32(data[offset : offset + size]))


_TOKEN = re.compile(rb'<[^>]*>|"[^"]*"|[\w.+-]+|[{}\[\]:,]')
_LINE = re.compile(rb"[^\r\n]{0,200}\r\n")


def _token_fields(data: bytes) -> Iterator[Span]:
    return (match.span() for match in _TOKEN.finditer(data[:20_000]))


def _form_fields(data: bytes) -> Iterator[Span]:
    yield from (match.span() for match in _LINE.finditer(data[:20_000]))
    yield from _token_fields(data)


GRAMMARS: dict[str, Grammar] = {
    "png": Grammar(fields=_png_fields, repair=_png_repair),
    "tiff": Grammar(fields=_tiff_fields),
    "jpeg": Grammar(fields=_jpeg_fields),
    "dicos": Grammar(fields=_dicos_fields),
    "raw16": Grammar(fields=_raw16_fields, repair=_raw16_repair),
    "px16": Grammar(fields=_px16_fields, repair=_px16_repair),
    "sidecar": Grammar(fields=_token_fields, is_text=True),
    "scan": Grammar(fields=_token_fields, is_text=True),
    "multipart": Grammar(fields=_form_fields, is_text=True),
}
"""By the names of the corpus's folders."""

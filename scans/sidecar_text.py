"""Text of scanner files whose encoding is not what they say: UTF-8, UTF-16, GBK, or several in one file."""

import codecs
import re

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ZERO_WITHIN = 64
"""Text in UTF-16 that begins with a tag or a brace has a zero byte among its first ones."""

_DECLARES_GB = re.compile(
    rb"""^<\?xml[^>]{0,100}encoding\s*=\s*["'](gb2312|gbk|gb18030)["']""", re.IGNORECASE
)
_SEPARATORS = re.compile(rb"""([<>"'\r\n]+)""")
"""None of these bytes is ever the second or later byte of a character in UTF-8, GBK or GB 18030."""


def decode_text(data: bytes) -> str:
    """Return a file's text; what no encoding explains becomes U+FFFD, nothing raises.

    The byte-order mark counts only if the bytes agree with it, the declared encoding only if it is a Chinese
    one. A file that is neither UTF-8 nor UTF-16 as a whole is decoded value by value, each as UTF-8 or else
    as GB 18030, of which GBK and GB 2312 are parts.
    """
    encoding = None
    for bom, name in _BOMS:
        if data.startswith(bom):
            data, encoding = data[len(bom) :], name
            break
    if b"\0" in data[:_ZERO_WITHIN]:
        encoding = encoding if encoding and encoding != "utf-8" else _byte_order(data)
        return data.decode(encoding, errors="replace").lstrip("\ufeff")
    return _decode_bytes(data).lstrip("\ufeff")


def _byte_order(data: bytes) -> str:
    return "utf-16-be" if data[:1] == b"\0" else "utf-16-le"


def _decode_bytes(data: bytes) -> str:
    encodings = ["gb18030", "utf-8"] if _DECLARES_GB.match(data) else ["utf-8"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return "".join(map(_decode_piece, _SEPARATORS.split(data)))


def _decode_piece(piece: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return piece.decode(encoding)
        except UnicodeDecodeError:
            continue
    return piece.decode("utf-8", errors="replace")

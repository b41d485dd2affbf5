"""A strip leaves in the form that the browser can decode."""

import pytest

from review_ui.pixel_routes import accepts_zstd, strip_response


@pytest.mark.parametrize(
    "header", ["zstd", "gzip, deflate, br, zstd", "br;q=1.0, ZSTD;q=0.5", "zstd; q=0.001"]
)
def test_accepts_zstd__named(header: str) -> None:
    """Chromium and Firefox name zstd on secure origins and localhost."""
    assert accepts_zstd(header)


@pytest.mark.parametrize(
    "header", ["", "gzip, deflate, br", "*", "zstd;q=0", "zstd;q=0.000", "xzstd", "identity"]
)
def test_accepts_zstd__not_named_or_refused(header: str) -> None:
    """Without a clear yes the frame is sent as it is."""
    assert not accepts_zstd(header)


def test_strip_response__same_bytes_both_ways() -> None:
    """The body is the frame; only its label differs, and no cache keeps either."""
    coded, plain = strip_response(b"frame", "zstd"), strip_response(b"frame", "gzip")
    assert coded.body == plain.body == b"frame"
    assert coded.headers["content-encoding"] == "zstd"
    assert coded.headers["content-type"] == "application/x-px16-strip"
    assert "content-encoding" not in plain.headers
    assert plain.headers["content-type"] == "application/x-px16-strip+zstd"
    assert coded.headers["cache-control"] == plain.headers["cache-control"] == "private, no-store"

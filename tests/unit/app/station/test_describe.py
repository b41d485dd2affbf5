"""What is said of a scan's files."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.station.describe import ImageFile, ScanOptions, ScanRequest, make_request
from app.station.errors import ScanFilesError, ScanIncompleteError
from app.station.scan_files import Energy
from inference.schemas import ScanIn
from scans.errors import ImageMalformedError
from scans.sidecar import Sidecar, read_sidecar
from tests.unit.app.station.pictures import colour_png, png, two_page_tiff

WRITTEN = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
SIDECAR = read_sidecar(
    b"<a><ContainerId>CSQU3054383</ContainerId><ScanTime>2026-11-23 08:00:00</ScanTime></a>"
)
NO_OPTIONS = ScanOptions()
LISTING = read_sidecar(
    b'<a><ContainerId>CSQU3054383</ContainerId><Resource Type="img">pS.png</Resource>'
    b'<Resource Type="img" IsPreview="true">p_stamp.png</Resource><Resource Type="OCRsnap">p1.png</Resource>'
    b'<Resource Type="other">p2.png</Resource></a>'
)


def file(energy: Energy | None = None, data: bytes | None = None, *, name: str | None = None) -> ImageFile:
    """A file; its name is its energy's."""
    return ImageFile(name=name or str(energy), energy=energy, data=png(1) if data is None else data)


def request(
    *files: ImageFile, sidecar: Sidecar | None = None, options: ScanOptions = NO_OPTIONS
) -> ScanRequest:
    """The request of these files."""
    return make_request(files, sidecar, written_at=WRITTEN, options=options)


@pytest.mark.parametrize(
    ("images", "channels"),
    [
        ([file()], ["high"]),
        ([file(data=two_page_tiff())], ["dual"]),
        ([file(Energy.HIGH)], ["high"]),
        ([file(Energy.LOW), file(Energy.HIGH)], ["high", "low"]),
    ],
    ids=["single", "two pages", "high alone", "low before high"],
)
def test_make_request__channels_by_name_and_by_structure(
    images: list[ImageFile], channels: list[str]
) -> None:
    """Names say the energies, the file itself whether it holds both; the high one comes first."""
    assert [(image.channel, image.name) for image in request(*images).images] == list(
        zip(channels, sorted(image.name for image in images), strict=True)
    )


@pytest.mark.parametrize(
    ("images", "error"),
    [
        ([file(Energy.LOW)], ScanIncompleteError),
        ([], ScanIncompleteError),
        ([file(), file()], ScanFilesError),
        ([file(Energy.HIGH), file(Energy.HIGH)], ScanFilesError),
        ([file(Energy.HIGH), file(Energy.LOW), file()], ScanFilesError),
        ([file(data=png(1)[:-20])], ImageMalformedError),
    ],
    ids=["low alone", "none", "two unnamed", "high twice", "three", "half a file"],
)
def test_make_request__refuses_what_is_no_scan(images: list[ImageFile], error: type[Exception]) -> None:
    """Nothing is guessed."""
    with pytest.raises(error) as raised:
        request(*images)
    assert type(raised.value) is error


def test_make_request__a_sidecar_tells_pictures_from_previews_and_photos() -> None:
    """Previews are not sent; what is called a snapshot or is in colour is a gate photo."""
    files = [
        file(name="pS.png"),
        file(name="p_stamp.png", data=png(2)),
        file(name="p1.png", data=png(3)),
        file(name="p2.png", data=colour_png()),
    ]
    made = request(*files, sidecar=LISTING)
    assert [image.name for image in made.images] == ["pS.png"]
    assert made.photos == {"p1.png": png(3), "p2.png": colour_png()}


def test_make_request__at_most_twelve_gate_photos() -> None:
    """The intake API takes no more, and a scan is not refused for its photos."""
    listed = "".join(f'<Resource Type="snap">{n}.png</Resource>' for n in range(10, 30))
    sidecar = read_sidecar(f"<a>{listed}</a>".encode())
    photos = [file(name=f"{n}.png", data=png(n)) for n in range(10, 30)]
    assert list(request(file(), *photos, sidecar=sidecar).photos) == [f"{n}.png" for n in range(10, 22)]


def test_make_request__without_the_sidecar_that_is_required() -> None:
    """A scanner that always writes one has not finished."""
    options = ScanOptions(needs_sidecar=True)
    with pytest.raises(ScanIncompleteError):
        request(file(), options=options)
    assert request(file(), sidecar=SIDECAR, options=options).scan["container_no"] == "CSQU3054383"


def test_make_request__options_before_sidecar_before_file() -> None:
    """The time of the file is the last resort; a scanner's clock gets this machine's offset."""
    assert request(file()).scan == {"scanned_at": "2026-11-24T01:02:03+00:00"}
    said = request(file(), sidecar=SIDECAR).scan
    assert said["container_no"] == "CSQU3054383"
    assert datetime.fromisoformat(said["scanned_at"]) == datetime(2026, 11, 23, 8).astimezone()
    options = ScanOptions(container_nos=["X"], scanned_at=WRITTEN - timedelta(days=1), direction="import")
    assert request(file(), sidecar=SIDECAR, options=options).scan == {
        "scanned_at": "2026-11-23T01:02:03+00:00",
        "container_no": "X",
        "direction": "import",
    }


def test_make_request__a_nonsense_number_is_cut_not_refused() -> None:
    """The centre takes twenty characters; a person sees the rest on the picture."""
    sidecar = read_sidecar(b"<a><ContainerId>NOT-READABLE-BY-THE-CAMERA-7</ContainerId></a>")
    assert len(request(file(), sidecar=sidecar).scan["container_no"]) == 20


def test_make_request__every_container_of_the_picture() -> None:
    """Those whose check digits fit go first, and no more than the centre takes."""
    numbers = ["CSQU3054384", "CSQU3054383", "MSCU6639870", "A1", "A2", "A3"]
    listed = "".join(f"<ContainerId>{number}</ContainerId>" for number in numbers)
    said = request(file(), sidecar=read_sidecar(f"<a>{listed}</a>".encode())).scan
    assert said["container_no"] == "CSQU3054383"
    assert said["other_container_nos"] == ["MSCU6639870", "CSQU3054384", "A1"]
    ScanIn.model_validate_json(json.dumps({**said, "images": [{"digest": "a" * 64}]}))
    options = ScanOptions(container_nos=["X", "Y"])
    said = request(file(), sidecar=SIDECAR, options=options).scan
    assert (said["container_no"], said["other_container_nos"]) == ("X", ["Y"])


def test_make_request__the_key_is_the_pixels() -> None:
    """Names do not count; other pixels, or the same ones under other energies, are another scan."""
    pair = request(file(Energy.HIGH, png(1)), file(Energy.LOW, png(2)))
    again = request(file(Energy.LOW, png(2), name="x"), file(Energy.HIGH, png(1)), sidecar=SIDECAR)
    swapped = request(file(Energy.HIGH, png(2)), file(Energy.LOW, png(1)))
    alone = request(file(Energy.HIGH, png(1)))
    assert pair.key == again.key
    assert len({pair.key, swapped.key, alone.key}) == 3
    assert len(pair.key) <= 255


def test_make_request__the_sidecar_says_what_was_scanned_unless_the_station_does() -> None:
    """A station's own setting goes before its scanner's words; without either, the centre decides."""
    sidecar = read_sidecar(b"<a><ScanObject>passenger car</ScanObject></a>")
    assert request(file(), sidecar=sidecar).scan["modality"] == "passenger_vehicle"
    options = ScanOptions(modality="under_vehicle")
    assert request(file(), sidecar=sidecar, options=options).scan["modality"] == "under_vehicle"
    assert "modality" not in request(file(), sidecar=SIDECAR).scan

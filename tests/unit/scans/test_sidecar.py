"""Sidecars of every dialect, in every encoding, in one form."""

import json
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.errors import SidecarMalformedError
from scans.modality import Modality
from scans.sidecar import MAX_BYTES, Sidecar, SidecarContainer, SidecarFile, parse_utc_offset, read_sidecar
from scans.sidecar_entries import MAX_DEPTH, MAX_ENTRIES, normalise_name
from scans.sidecar_text import decode_text

GOOD, GOOD_TOO, BAD = "CSQU3054383", "MSCU6639870", "CSQU3054384"
FORM = f"""<DataForm xmlns="dataforms.example"><Version>V01.20</Version><TruckId>T-1</TruckId>
<Site>002690</Site>
<Date>2025-11-12T03:35:25.317Z</Date><AdminData><Vehicle><PlateNumber>TST0005</PlateNumber><Containers>
<Container><ContainerId>{GOOD}</ContainerId><OCR>99</OCR></Container>
<Container><ContainerId /><OCR>-1</OCR></Container></Containers></Vehicle></AdminData>
<Operation Type="1"><Start>2025-11-12T03:35:20Z</Start><Login>OPERATOR07</Login><Resources>
<Resource Type="img" IsPreview="false" IsDeleted="false">T-1S.jpg</Resource>
<Resource Type="img" IsPreview="true" IsDeleted="false">T-1S_stamp.jpg</Resource>
<Resource Type="img" IsPreview="false" IsDeleted="true">gone.jpg</Resource></Resources></Operation>
<UpdateDateTime>2025-11-13T00:00:00Z</UpdateDateTime></DataForm>"""
MANIFEST = f"""<?xml version="1.0" encoding="utf-8"?><manifest><accession>A-1</accession><system>P60</system>
<createdate>2025-11-12T04:29:10Z</createdate><exportdate>2025-11-13T00:00:00Z</exportdate>
<attributes><attribute name="Container2">{GOOD_TOO}</attribute><attribute name="Comments">LA</attribute>
<attribute name="Container1">{GOOD}</attribute><attribute name="ANPR" /></attributes>
<files><file type="XRAYJPEG">X-001.jpg</file><file type="SNAPSHOT">X-002.jpg</file></files></manifest>"""
FLAT = f'<Scan SCANTIME="2025/11/12 4:29:10" ContainerID1="{GOOD}" ContainerID2="{BAD}" 流水号="7"/>'
LISTED = {
    "ScanTime": "20251112042910",
    "containers": [{"container_no": GOOD}, {"container_no": GOOD_TOO}],
    "files": [{"type": "XRAY", "name": "a.png"}, {"type": "PHOTO", "name": "b.jpg"}],
    "extra": [{"name": "Site", "value": 12}],
}


def numbers(sidecar: Sidecar) -> list[tuple[str, bool]]:
    return [(container.container_no, container.is_valid) for container in sidecar.containers]


def xml(inner: str) -> Sidecar:
    return read_sidecar(f"<a>{inner}</a>".encode())


def test_read_sidecar__form_dialect() -> None:
    """Elements of a form, in a name space, with empty and deleted entries; no plate, no operator."""
    sidecar = read_sidecar(FORM.encode())
    assert sidecar == Sidecar(
        dialect="DataForm V01.20",
        scan_no="T-1",
        site="002690",
        scanned_at=datetime(2025, 11, 12, 3, 35, 25, 317000, UTC),
        modality=None,
        containers=(SidecarContainer(container_no=GOOD, is_valid=True),),
        files=(
            SidecarFile(name="T-1S.jpg", kind="img", is_preview=False),
            SidecarFile(name="T-1S_stamp.jpg", kind="img", is_preview=True),
        ),
        warnings=(),
    )
    assert "TST0005" not in repr(sidecar)
    assert "OPERATOR07" not in repr(sidecar)


def test_read_sidecar__manifest_dialect() -> None:
    """Names and values in attributes; several containers in the file's order."""
    sidecar = read_sidecar(MANIFEST.encode())
    assert (sidecar.dialect, sidecar.scan_no, sidecar.site) == ("manifest", "A-1", "P60")
    assert sidecar.scanned_at == datetime(2025, 11, 12, 4, 29, 10, tzinfo=UTC)
    assert numbers(sidecar) == [(GOOD_TOO, True), (GOOD, True)]
    assert [(file.name, file.kind) for file in sidecar.files] == [
        ("X-001.jpg", "XRAYJPEG"),
        ("X-002.jpg", "SNAPSHOT"),
    ]


def test_read_sidecar__flat_attributes() -> None:
    """One element with everything; a wrong check digit is flagged, not dropped."""
    sidecar = read_sidecar(FLAT.encode(), utc_offset=timedelta(hours=8))
    assert numbers(sidecar) == [(GOOD, True), (BAD, False)]
    assert sidecar.scanned_at == datetime(2025, 11, 12, 4, 29, 10, tzinfo=timezone(timedelta(hours=8)))
    assert (sidecar.scan_no, sidecar.warnings) == ("7", ("container_number_invalid",))
    assert sidecar.container_nos == [GOOD, BAD]


def test_read_sidecar__json() -> None:
    """Lists, nested objects, pairs of name and value, repeated names."""
    sidecar = read_sidecar(json.dumps(LISTED).encode())
    assert (sidecar.dialect, sidecar.site) == ("json", "12")
    assert numbers(sidecar) == [(GOOD, True), (GOOD_TOO, True)]
    assert [(file.name, file.kind) for file in sidecar.files] == [("a.png", "XRAY"), ("b.jpg", "PHOTO")]
    assert sidecar.warnings == ("scan_time_without_offset",)
    repeated = f'{{"箱号": "{GOOD}", "箱号": ["{GOOD_TOO}", null, ""], "files": ["c.tif"]}}'
    sidecar = read_sidecar(repeated.encode())
    assert numbers(sidecar) == [(GOOD, True), (GOOD_TOO, True)]
    assert [file.name for file in sidecar.files] == ["c.tif"]


@pytest.mark.parametrize(
    "name",
    ["ContainerId", "CONTAINERID", "container_no", "Container No.", "ContainerID1", "container-number-2",
     "x:ContainerId", "ＣｏｎｔａｉｎｅｒＩｄ", "箱号", "集装箱号1"],
)  # fmt: skip
def test_read_sidecar__every_spelling_of_a_name(name: str) -> None:
    """Case, separators, prefixes, width and numbers do not matter."""
    pair = json.dumps({name: GOOD}, ensure_ascii=False)
    assert numbers(read_sidecar(pair.encode())) == [(GOOD, True)]
    assert normalise_name(normalise_name(name)) == normalise_name(name)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"{GOOD}/{GOOD_TOO}", [GOOD, GOOD_TOO]),
        (f"{GOOD}，{BAD}", [GOOD, BAD]),
        (f"{GOOD} {GOOD_TOO}", [GOOD, GOOD_TOO]),
        ("csqu 305438-3", [GOOD]),
        ("CSQU 305438/3", [GOOD]),
        (f"{GOOD};{GOOD}", [GOOD]),
        ("no read", ["NOREAD"]),
        (" - ", []),
    ],
)
def test_read_sidecar__several_numbers_in_one_value(value: str, expected: list[str]) -> None:
    """Separated as people separate them; spaces and hyphens within a number are no separators."""
    assert [number for number, _ in numbers(xml(f"<ContainerId>{value}</ContainerId>"))] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-11-12T04:29:10Z", "2025-11-12T04:29:10+00:00"),
        ("2025-11-12T04:29:10.5-03:00", "2025-11-12T04:29:10.500000-03:00"),
        ("2025-11-12 04:29:10 +0800", "2025-11-12T04:29:10+08:00"),
        ("2025-11-12T04:29:10.1234567Z", "2025-11-12T04:29:10.123456+00:00"),
        ("2025/1/2 3:04:05", "2025-01-02T03:04:05"),
        ("2025.11.12 04:29", "2025-11-12T04:29:00"),
        ("20251112042910", "2025-11-12T04:29:10"),
        ("20251112T042910Z", "2025-11-12T04:29:10+00:00"),
        ("2025年11月12日 4时29分10秒", "2025-11-12T04:29:10"),
        ("２０２５-11-12 04:29:10", "2025-11-12T04:29:10"),
        ("2025-13-12 04:29:10", None),
        ("2025-11-12 24:29:10", None),
        ("2025-11-12", None),
        ("04:29:10", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_read_sidecar__times(text: str, expected: str | None) -> None:
    """Every form of a moment that was met; half a moment is none."""
    at = xml(f"<ScanTime>{text}</ScanTime>").scanned_at
    assert (at and at.isoformat()) == expected


def test_read_sidecar__day_and_time_apart() -> None:
    """A day in one value and the time of day in another are one moment."""
    at = xml("<Date>2025-11-12</Date><Time>04:29:10.25</Time>").scanned_at
    assert at == datetime(2025, 11, 12, 4, 29, 10, 250000)


def test_read_sidecar__the_better_name_goes_first() -> None:
    """The time of the scan counts before that of the file, wherever they stand."""
    at = xml("<createdate>2025-11-12T05:00:00Z</createdate><x><SCANTIME>2025-11-12T04:00:00Z</SCANTIME></x>")
    assert at.scanned_at == datetime(2025, 11, 12, 4, tzinfo=UTC)


def test_read_sidecar__files_are_bare_names() -> None:
    """A path of the scanner's disk, or one that climbs, gives its last name only."""
    sidecar = xml(
        r"<file>C:\scans\1.img</file><file>../../etc/2.png</file><file>/abs/3.jpg</file>"
        "<file>..</file><file>dir/</file><file>4.</file><file/><Image>noextension</Image>"
    )
    assert [file.name for file in sidecar.files] == ["1.img", "2.png", "3.jpg"]


def test_read_sidecar__nothing_known_is_told() -> None:
    """A sound file without a word that we know is no error."""
    sidecar = xml("<b>c</b>")
    assert (sidecar.containers, sidecar.scanned_at, sidecar.files) == ((), None, ())
    assert sidecar.warnings == ("container_number_missing", "scan_time_missing")
    assert sidecar.container_nos == []


CHINESE = f"<扫描><箱号>{GOOD}</箱号><场地>盐田港</场地></扫描>"
DECLARED = '<?xml version="1.0" encoding="{}"?>'


@pytest.mark.parametrize(
    "data",
    [
        CHINESE.encode(),
        CHINESE.encode("utf-8-sig"),
        CHINESE.encode("utf-16"),
        CHINESE.encode("utf-16-le"),
        CHINESE.encode("utf-16-be"),
        b"\xfe\xff" + CHINESE.encode("utf-16-be"),
        CHINESE.encode("gbk"),
        CHINESE.encode("gb18030"),
        (DECLARED.format("GB2312") + CHINESE).encode("gbk"),
        (DECLARED.format("gb18030") + CHINESE).encode(),
        (DECLARED.format("utf-8") + CHINESE).encode("gbk"),
        (DECLARED.format("utf-16") + CHINESE).encode(),
        (DECLARED.format("utf-8") + CHINESE).encode("utf-16"),
        b"\xef\xbb\xbf" + CHINESE.encode("gbk"),
        b"\xff\xfe" + CHINESE.encode(),
        b"\xef\xbb\xbf" + CHINESE.encode("utf-16"),
        b"\xef\xbb\xbf\xef\xbb\xbf" + CHINESE.encode(),
        CHINESE.encode().replace("盐田港".encode(), "盐田港".encode("gbk")),
        CHINESE.encode("gbk").replace("盐田港".encode("gbk"), "盐田港".encode()),
    ],
    ids=["utf-8", "utf-8 bom", "utf-16 bom", "utf-16-le", "utf-16-be", "utf-16-be bom", "gbk", "gb18030",
         "declared gb2312", "declared gb18030 is utf-8", "declared utf-8 is gbk", "declared utf-16 is utf-8",
         "declared utf-8 is utf-16", "bom over gbk", "utf-16 bom over utf-8", "utf-8 bom over utf-16",
         "two boms", "gbk within utf-8", "utf-8 within gbk"],
)  # fmt: skip
def test_read_sidecar__every_encoding(data: bytes) -> None:
    """What a file says of its encoding is believed only as far as its bytes agree."""
    sidecar = read_sidecar(data)
    assert (numbers(sidecar), sidecar.site) == ([(GOOD, True)], "盐田港")
    assert "text_damaged" not in sidecar.warnings


def test_read_sidecar__damaged_text_is_told() -> None:
    """Bytes of no encoding cost their own value, not the file."""
    sidecar = read_sidecar(f"<a><ContainerId>{GOOD}</ContainerId><Site>".encode() + b"\xff\xff</Site></a>")
    assert numbers(sidecar) == [(GOOD, True)]
    assert "text_damaged" in sidecar.warnings


def test_read_sidecar__ampersands_and_control_characters_are_forgiven() -> None:
    """Scanners paste what an operator typed."""
    sidecar = xml(f"<Comments>A & B &lt; C \x01&bogus;</Comments><ContainerId>\x02{GOOD}</ContainerId>")
    assert numbers(sidecar) == [(GOOD, True)]


DOCTYPE = '<!DOCTYPE a [<!ENTITY x "{}">]>'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "container,weight",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        '{"a": ',
        "[" * 100_000,
        '{"a": ' + "9" * 5000 + "}",
        "<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1),
        "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2),
        "<a>" + "<b/>" * (MAX_ENTRIES + 1) + "</a>",
        "[" + "0," * (MAX_ENTRIES + 1) + "0]",
        "<!DOCTYPE a><a/>",
        DOCTYPE.format("ha") + "<a>&x;</a>",
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        "<a>" + " " * MAX_BYTES + "</a>",
    ],
    ids=["empty", "text", "open", "crossed", "two roots", "cut json", "abyss", "huge number", "deep xml",
         "deep json", "wide xml", "wide json", "doctype", "entity", "external doctype", "external entity",
         "large"],
)  # fmt: skip
def test_read_sidecar__refused(text: str) -> None:
    """One error with a stable code, quickly, whatever is wrong."""
    started = time.process_time()
    with pytest.raises(SidecarMalformedError):
        read_sidecar(text.encode())
    assert time.process_time() - started < 2


@given(st.binary(max_size=300))
def test_decode_text__never_fails(data: bytes) -> None:
    """Any bytes are some text, and what is ASCII in them without a zero byte stays as it is."""
    text = decode_text(data)
    if data.isascii() and b"\0" not in data:
        assert text == data.decode()


@given(st.binary(max_size=200), st.sampled_from([FORM, MANIFEST, FLAT, json.dumps(LISTED)]), st.integers(0))
def test_read_sidecar__mutations_are_read_or_refused(noise: bytes, text: str, at: int) -> None:
    """Rubbish in the middle of a sidecar gives a sidecar or our error, and never a path."""
    data = text.encode()
    at %= len(data)
    try:
        sidecar = read_sidecar(data[:at] + noise + data[at:])
    except SidecarMalformedError:
        return
    assert not any("/" in file.name or "\\" in file.name for file in sidecar.files)
    json.dumps([sidecar.dialect, sidecar.scan_no, sidecar.site], ensure_ascii=False).encode()


@pytest.mark.parametrize("text", ["8", "+8:00", "+15:00", "+08:60", "Z", "08:00"])
def test_parse_utc_offset__refuses_what_is_none(text: str) -> None:
    """A mistyped offset would shift every scan."""
    with pytest.raises(ValueError, match="offset"):
        parse_utc_offset(text)


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("<ScanObject>PassengerCar</ScanObject>", Modality.PASSENGER_VEHICLE),
        ("<车辆类型>小客车</车辆类型>", Modality.PASSENGER_VEHICLE),
        ('<InspectionType Value="0"/><ScanType>under vehicle</ScanType>', Modality.UNDER_VEHICLE),
        ("<VehicleType>Truck</VehicleType>", Modality.CARGO),
        ('<InspectionType Value="0"/>', None),
        ("<Comments>car</Comments>", None),
    ],
)
def test_read_sidecar__what_was_scanned(inner: str, expected: Modality | None) -> None:
    """A field that is known for it and a word that is known; numbers of a vendor's say nothing."""
    assert xml(inner).modality is expected

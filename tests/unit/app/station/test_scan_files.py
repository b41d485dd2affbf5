"""Which files are one scan, and when it may be tried."""

import pytest

from app.station.scan_files import (
    FileGroup,
    Naming,
    Patience,
    QuietFiles,
    SeenFile,
    group_files,
    is_ripe,
)

PATIENCE = Patience(settle_s=3, parts_s=15)


def seen(*names: str) -> list[SeenFile]:
    """Files that were written one after the other."""
    return [SeenFile(name=name, size_bytes=100, mtime_ns=n) for n, name in enumerate(names, 1)]


def groups(*names: str, **listed: list[str]) -> list[FileGroup]:
    """The groups of these files; ``p=["a.png"]`` is what ``p.xml`` lists."""
    lists = {f"{stem}.xml": names for stem, names in listed.items()}
    return group_files(seen(*names), naming=Naming(), listed=lists)


def names(files: tuple[SeenFile, ...]) -> list[str]:
    """Their names."""
    return [file.name for file in files]


def test_group_files__energies_and_sidecar_of_one_stem_are_one_scan() -> None:
    """Energy and suffix do not count, in any case; other stems are other scans, the oldest first."""
    found = groups("b.tif", "a_HIGH.png", "a-low.PNG", "a.xml", "b.tif.json", "7.5 high.dcs")
    assert [(group.stem, names(group.images), names(group.sidecars)) for group in found] == [
        ("b", ["b.tif"], ["b.tif.json"]),
        ("a", ["a-low.PNG", "a_HIGH.png"], ["a.xml"]),
        ("7.5", ["7.5 high.dcs"], []),
    ]


def test_group_files__what_a_sidecar_lists_is_its_scans() -> None:
    """Real scanners call the picture another name than its sidecar; what is listed and absent is known."""
    (scan, other) = groups(
        "pS.jpg", "pS_stamp.jpg", "p_ocr.xml", "p.xml", "qS.jpg",
        p=["pS.Img", "pS.jpg", "pS_stamp.jpg", "p_ocr.xml", "p_1_snap.jpg"],
    )  # fmt: skip
    assert (scan.stem, names(scan.images)) == ("p", ["pS.jpg", "pS_stamp.jpg"])
    assert (names(scan.sidecars), names(scan.extras)) == (["p.xml"], ["p_ocr.xml"])
    assert scan.missing == ("p_1_snap.jpg",)
    assert names(other.images) == ["qS.jpg"]


def test_group_files__a_scanners_own_words_for_energies() -> None:
    """Words are taken literally."""
    naming = Naming(high="6MeV", low="3.5 MeV")
    found = group_files(seen("a_6mev.png", "a_3.5 MeV.png", "a_305 MeV.png"), naming=naming, listed={})
    assert [names(group.images) for group in found] == [["a_3.5 MeV.png", "a_6mev.png"], ["a_305 MeV.png"]]


@pytest.mark.parametrize(
    "name", [".a.png", "~a.png", "a.png.part", "a.tmp", "a.txt", "a", "a_THUMB.png", "a.problem"]
)
def test_is_scan_file__unfinished_foreign_and_ignored_files_are_not_seen(name: str) -> None:
    """What is being copied under another name, what is no scan, and what the engineer says, is left alone."""
    naming = Naming(ignored=("*_thumb.*",))
    assert not naming.is_scan_file(name)
    assert naming.is_scan_file("A.PNG")
    assert naming.is_scan_file("a.xml")


@pytest.mark.parametrize(
    ("name", "energy"),
    [
        ("p_high.png", "high"),
        ("p.LOW.tif", "low"),
        ("high.png", None),
        ("yellow.png", None),
        ("p_highest.png", None),
    ],
)
def test_energy_of__is_a_word_of_its_own_at_the_end(name: str, energy: str | None) -> None:
    """A name that merely ends with the letters says nothing."""
    assert Naming().energy_of(name) == energy


@pytest.mark.parametrize(
    ("names", "ripe_at_s"),
    [
        (("p_high.png", "p_low.png", "p.xml"), 3.0),
        (("p.tif", "p.xml"), 3.0),
        (("p_high.png", "p_low.png"), 15.0),
        (("p_high.png", "p.xml"), 15.0),
        (("p.tif",), 15.0),
    ],
)
def test_is_ripe__waits_for_what_may_come(names: tuple[str, ...], ripe_at_s: float) -> None:
    """A complete scan goes once it rests, one that may get more a little later."""
    (group,) = groups(*names)
    ripe = [
        is_ripe(group, quiet_s=quiet_s, naming=Naming(), patience=PATIENCE)
        for quiet_s in (ripe_at_s - 0.1, ripe_at_s)
    ]
    assert ripe == [False, True]


def test_is_ripe__waits_for_what_the_sidecar_lists() -> None:
    """A photo that is still to come holds the scan up for as long as any part."""
    (group,) = groups("p.png", "p.xml", p=["p.png", "p_snap.jpg"])
    assert not is_ripe(group, quiet_s=14.9, naming=Naming(), patience=PATIENCE)
    assert is_ripe(group, quiet_s=15.0, naming=Naming(), patience=PATIENCE)


def test_quiet_files__a_change_of_any_file_begins_anew() -> None:
    """A group is as quiet as its youngest change, by our clock and not by the scanner's."""
    quiet = QuietFiles()
    high = SeenFile(name="p_high.png", size_bytes=10, mtime_ns=5)
    low = SeenFile(name="p_low.png", size_bytes=10, mtime_ns=5)
    grown = SeenFile(name="p_low.png", size_bytes=20, mtime_ns=5)
    quiet.observe([high, low], now_s=100.0)
    quiet.observe([high, low], now_s=104.0)
    assert quiet.quiet_s([high, low], now_s=104.0) == 4.0
    quiet.observe([high, grown], now_s=105.0)
    assert quiet.quiet_s([high, grown], now_s=106.0) == 1.0

"""Tiny fakes of the public datasets, in their real layouts: noise for pixels, everything from one seed.

``python tests/data/fake_sources.py FOLDER`` writes them all; tests write them into their own folders. Each
fake holds what its reader has to get right: labels with and without a counterpart, images without items,
every file ending, every odd value that the layout is known for.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

SEED = 20261124
WIDTH_PX, HEIGHT_PX = 60, 40

Box = tuple[int, int, int, int]


def write_image(path: Path, *, colour: bool = True) -> None:
    """Write noise that depends on the file's name only."""
    rng = np.random.default_rng([SEED, *path.name.encode()])
    shape = (HEIGHT_PX, WIDTH_PX, 3) if colour else (HEIGHT_PX, WIDTH_PX)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), rng.integers(0, 256, shape).astype(np.uint8)):
        raise RuntimeError(f"OpenCV could not write {path}")


def write_json(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")


def coco_document(
    labels: Sequence[str], images: Mapping[str, Sequence[tuple[str, Box]]], **attributes: object
) -> dict[str, Any]:
    """COCO of images with ``(label, xywh)``; ``attributes`` go into every image."""
    numbers = {label: n for n, label in enumerate(labels, start=1)}
    return {
        "info": {"description": "a fake"},
        "licenses": [],
        "images": [
            {"id": n, "file_name": name, "width": WIDTH_PX, "height": HEIGHT_PX, **attributes}
            for n, name in enumerate(images, start=1)
        ],
        "annotations": [
            {
                "id": 100 * n + m,
                "image_id": n,
                "category_id": numbers[label],
                "bbox": list(box),
                "area": box[2] * box[3],
                "iscrowd": 0,
            }
            for n, items in enumerate(images.values(), start=1)
            for m, (label, box) in enumerate(items)
        ],
        "categories": [{"id": n, "name": label} for label, n in numbers.items()],
    }


def voc_xml(name: str, objects: Sequence[tuple[str, Box]], *, with_size: bool = True) -> str:
    """One VOC file; boxes are xmin, ymin, xmax, ymax counted from 1."""
    size = f"<size><width>{WIDTH_PX}</width><height>{HEIGHT_PX}</height><depth>3</depth></size>"
    items = "".join(
        f"<object><name>{label}</name><pose>Unspecified</pose><difficult>0</difficult><bndbox><xmin>{x0}</xmin>"
        f"<ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>"
        for label, (x0, y0, x1, y1) in objects
    )
    return f"<annotation><filename>{name}</filename>{size if with_size else ''}{items}</annotation>"


def make_pidray(folder: Path) -> None:
    """Image ids repeat from part to part; one mask is a polygon, one is run lengths."""
    labels = ("Baton", "Gun", "Knife")
    for part, file in (("train", "xray_train"), ("easy", "xray_test_easy"), ("hidden", "xray_test_hidden")):
        names = [f"{part}_{n}.png" for n in (1, 2)]
        document = coco_document(
            labels,
            {
                names[0]: [("Gun", (5, 6, 20, 10)), ("Baton", (1, 1, 8, 3))],
                names[1]: [("Knife", (30, 20, 12, 4))],
            },
        )
        document["annotations"][0] |= {"segmentation": [[5, 6, 25, 6, 25, 16]], "area": 100.0}
        document["annotations"][1] |= {"segmentation": {"size": [40, 60], "counts": "abc"}, "area": 20}
        write_json(folder / "annotations" / f"{file}.json", document)
        for name in names:
            write_image(folder / part / name)


def make_sixray(folder: Path) -> None:
    """One image with items, one without, one with a hammer only, for which the lists have no column."""
    files = {
        "P00001": [("Gun", (1, 1, 20, 10)), ("Wrench", (11, 21, 30, 40))],
        "P00002": [("Hammer", (5, 5, 9, 9))],
    }
    (folder / "Annotation").mkdir(parents=True)
    for name, objects in files.items():
        (folder / "Annotation" / f"{name}.xml").write_text(voc_xml(f"{name}.jpg", objects))
    rows = {"train": ["P00001,1,-1,1,-1,-1", "N0210755,-1,-1,-1,-1,-1"], "test": ["P00002,-1,-1,-1,-1,-1"]}
    for subset in ("10", "100"):
        (folder / "ImageSet" / subset).mkdir(parents=True)
        for split, lines in rows.items():
            text = "\n".join(["name,Gun,Knife,Wrench,Pliers,Scissors", *lines[: 1 if subset == "100" else 2]])
            (folder / "ImageSet" / subset / f"{split}.csv").write_text(text + "\n")
    write_image(folder / "JPEGImage" / "P00001.jpg")
    write_image(folder / "JPEGImage" / "P00002.jpg")
    write_image(folder / "JPEGImage" / "3" / "N0210755.jpg")


def make_opixray(folder: Path) -> None:
    """A box over the edge, an image without a box, and the lists of occlusion levels."""
    lines = {
        "train": {
            "009001": ["009001.jpg Folding_Knife 5 6 25 16", "009001.jpg Scissor -3 30 10 47"],
            "009002": [],
        },
        "test": {
            "009003": ["009003.jpg Multi-tool_Knife 1 2 11 12"],
            "009004": ["009004.jpg Utility_Knife 1 2 11 12"],
        },
    }
    _make_box_lines(folder, lines, list_ending="knife")
    (folder / "test" / "test_knife-1.txt").write_text("009003\n")
    (folder / "test" / "test_knife-3.txt").write_text("009004\n")


def make_hixray(folder: Path) -> None:
    """One image is a TIFF, as the authors' loader foresees."""
    lines = {
        "train": {"100001": ["100001.jpg Mobile_Phone 5 6 25 16", "100001.jpg Water 30 5 50 35"]},
        "test": {"100002": ["100002.jpg Nonmetallic_Lighter 1 2 6 4"]},
    }
    _make_box_lines(folder, lines, list_ending="name")
    (folder / "test" / "test_image" / "100002.jpg").unlink()
    write_image(folder / "test" / "test_image" / "100002.tiff")


def make_clcxray(folder: Path) -> None:
    """All twelve labels, four images."""
    labels = (
        "blade", "scissors", "knife", "dagger", "SwissArmyKnife", "PlasticBottle", "Cans", "VacuumCup",
        "GlassBottle", "CartonDrinks", "Tin", "SprayCans",
    )  # fmt: skip
    for part in ("train", "val", "test"):
        images = {f"{part}_1.jpg": [("SwissArmyKnife", (5, 6, 20, 10)), ("Tin", (30, 5, 9, 9))]}
        write_json(folder / "annotations" / f"instances_{part}2017.json", coco_document(labels, images))
        for name in images:
            write_image(folder / f"{part}2017" / name)


def make_dvxray(folder: Path) -> None:
    """A bag with items, one of them without a box in a view; corners in both orders; a clean bag."""
    objects = [
        {"label": "Gun", "ol_bb": [5, 6, 25, 16], "sd_bb": [50, 30, 40, 20]},
        {"label": "Razor_blade", "ol_bb": "difficult", "sd_bb": [1, 2, 8, 5]},
        {"label": "Pressure_vessel", "ol_bb": [30, 5, 50, 35], "sd_bb": [10, 8, 30, 38]},
    ]
    for part, name, content in (("Positive", "P00001", objects), ("Negative", "N00001", "None")):
        place = folder / f"DvXray_{part}_Samples"
        write_json(place / f"{name}.json", {"name": name, "objects": content})
        for view in ("OL", "SD"):
            write_image(place / f"{name}_{view}.png")


def make_voc(folder: Path) -> None:
    """Three images: grey, without a size in the XML, without objects; names per split."""
    files = {
        "a": voc_xml("a.png", [("gun", (1, 1, 60, 40)), ("pallet", (11, 11, 20, 20))]),
        "b": voc_xml("b.jpg", [("blade", (0, 3, 9, 9))], with_size=False),
        "c": voc_xml("c.jpg", []),
    }
    (folder / "Annotations").mkdir(parents=True)
    for name, text in files.items():
        (folder / "Annotations" / f"{name}.xml").write_text(text)
    write_image(folder / "JPEGImages" / "a.png", colour=False)
    write_image(folder / "JPEGImages" / "b.JPG")
    write_image(folder / "JPEGImages" / "c.jpg")
    lists = folder / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("a\nb\n")
    (lists / "test.txt").write_text("c  1\n")


def make_coco(folder: Path) -> None:
    """Our own layout: two energies in two files, container, scanner, attributes of their own."""
    document = coco_document(
        ("gun", "container"),
        {"1_high.png": [("gun", (5, 6, 20, 10)), ("container", (0, 0, 60, 40))], "2.png": []},
        scanner_id="YTN-1",
        load_state="loaded",
    )
    document["licenses"] = [
        {"id": 1, "name": "CC-BY-4.0", "url": "https://creativecommons.org/licenses/by/4.0/"}
    ]
    document["images"][0] |= {"low_file_name": "1_low.png", "channels": 2, "container_id": "CSQU3054383"}
    document["images"][1] |= {"license": 1, "channels": 1, "split": "val"}
    write_json(folder / "annotations.json", document)
    for name in ("1_high.png", "1_low.png", "2.png"):
        write_image(folder / "images" / name, colour=False)


FAKES: Mapping[str, Callable[[Path], None]] = {
    "pidray": make_pidray,
    "sixray": make_sixray,
    "opixray": make_opixray,
    "hixray": make_hixray,
    "clcxray": make_clcxray,
    "dvxray": make_dvxray,
    "voc": make_voc,
    "coco": make_coco,
}


def _make_box_lines(
    folder: Path, lines: Mapping[str, Mapping[str, Sequence[str]]], *, list_ending: str
) -> None:
    for split, images in lines.items():
        place = folder / split / f"{split}_annotation"
        place.mkdir(parents=True)
        (folder / split / f"{split}_{list_ending}.txt").write_text("".join(f"{name}\n" for name in images))
        for name, text in images.items():
            (place / f"{name}.txt").write_text("".join(f"{line}\n" for line in text))
            write_image(folder / split / f"{split}_image" / f"{name}.jpg")


if __name__ == "__main__":
    for fake, make in FAKES.items():
        make(Path(sys.argv[1]) / fake)

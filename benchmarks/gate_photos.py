"""How well container numbers are read on real gate photos: ``python -m benchmarks.gate_photos FOLDER``.

FOLDER holds ``images/`` and ``annotations.json``, with each photo's ``container_number`` and
``iso_type_code``. Every photo is read as it is and made worse in several ways, each on its own. A *wrong*
number has the right check digit and is not the one that a person reads: it would
send a scan to a person for nothing.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe_machine, percentile
from inference.gate_photos import MODELS, RapidReader
from scans.container_marks import find_marks
from scans.formats import decode_photo

Photo = NDArray[np.uint8]


def scaled(factor: float) -> Callable[[Photo], Photo]:
    """As from farther away, or from a poorer camera."""
    return lambda photo: np.asarray(
        cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
    )


def darkened(photo: Photo) -> Photo:
    """As at night: a tenth of the light, with the noise of eight electrons."""
    noise = np.random.default_rng(0).normal(0, 8, photo.shape)
    return np.clip(photo * 0.1 + noise, 0, 255).astype(np.uint8)


def blurred(photo: Photo) -> Photo:
    """As of a truck that moves: nine pixels along the row."""
    return np.asarray(cv2.blur(photo, (9, 1)), np.uint8)


def squeezed(photo: Photo) -> Photo:
    """As of a frugal camera: JPEG of quality 15."""
    _, data = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 15])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return decoded[..., ::-1]


VARIANTS: dict[str, Callable[[Photo], Photo]] = {
    "as sent": lambda photo: photo,
    "two thirds of the size": scaled(2 / 3),
    "half the size": scaled(0.5),
    "dark": darkened,
    "blurred": blurred,
    "JPEG quality 15": squeezed,
}


def read_all(folder: Path) -> dict[str, Any]:
    """Read every photo in every variant; count what came of it, and time the photos as sent."""
    images = json.loads((folder / "annotations.json").read_text())["images"]
    reader, cpu_s, results = RapidReader(), [], {}
    for name, change in VARIANTS.items():
        counts = Counter(dict.fromkeys(("right", "wrong", "unread", "right_size_type"), 0))
        for image in images:
            photo = change(decode_photo((folder / "images" / image["file_name"]).read_bytes()))
            began_s = time.process_time()
            found = find_marks(reader.read(np.ascontiguousarray(photo)))
            if name == "as sent":
                cpu_s.append(time.process_time() - began_s)
            numbers = {marks.number for marks in found}
            counts["right"] += image["container_number"] in numbers
            counts["wrong"] += bool(numbers) and image["container_number"] not in numbers
            counts["unread"] += not numbers
            counts["right_size_type"] += any(marks.size_type == image["iso_type_code"] for marks in found)
        results[name] = dict(counts)
    times = {"median": percentile(cpu_s, 0.5), "most": max(cpu_s)}
    return {
        "n_photos": len(images),
        "cpu_s_per_photo": {key: round(value, 2) for key, value in times.items()},
        "variants": results,
    }


def main() -> None:
    """Read, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path, help="Where to write the result.")
    arguments = parser.parse_args()
    result = {
        "machine": describe_machine(),
        "workload": {"folder": arguments.folder.name, "models": MODELS},
        **read_all(arguments.folder),
    }
    text = json.dumps(result, indent=2) + "\n"
    if arguments.json:
        arguments.json.write_text(text)
    print(text, end="")


if __name__ == "__main__":
    main()

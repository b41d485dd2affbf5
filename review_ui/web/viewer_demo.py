"""Make scans for viewer-demo.html: ``python review_ui/web/viewer_demo.py`` from the top of the repository.

They land in ``review_ui/web/.demo`` as px16 at levels 0 and 2, where ``npm run dev`` serves them.
"""

import json
from pathlib import Path

from datasets.synthetic import make_scan
from review_ui.scan_pixels import level_out
from scans import px16

FOLDER = Path(__file__).parent / ".demo"
SIZES = {"truck-1": (1200, 4800, 11), "truck-2": (1200, 4800, 12), "van": (1001, 2503, 13)}


def main() -> None:
    """Write every scan of ``SIZES`` (height, width, seed) and what the page must know of it."""
    FOLDER.mkdir(exist_ok=True)
    scans = []
    for name, (height_px, width_px, seed) in SIZES.items():
        scan = make_scan(seed, height_px=height_px, width_px=width_px, threat_probability=1.0)
        levels = []
        for level in (2, 0):
            pixels = px16.downscale(scan.pixels, level) if level else scan.pixels
            data = px16.encode(pixels, level=level)
            (FOLDER / f"{name}.{level}.px16").write_bytes(data)
            url = f"/demo/{name}/{level}/{{strip}}"
            levels.append(level_out(level, px16.read_header(data), url).model_dump())
        scans.append(
            {
                "scan": {
                    "key": name,
                    "bit_depth": 16,
                    "pixel_pitch_mm": scan.pixel_pitch_mm,
                    "levels": levels,
                },
                "boxes": [{"kind": kind, "box": [float(v) for v in box]} for kind, box in scan.boxes],
            }
        )
    (FOLDER / "scans.json").write_text(json.dumps(scans))


if __name__ == "__main__":
    main()

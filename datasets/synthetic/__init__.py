"""Synthetic container scans: physics, drawing and ground truth from one seed.

Cheap enough to make on the fly (about a second for 1000×2500 on one core) and free of any licence.
"""

from datasets.synthetic.scene import SyntheticScan, make_scan

__all__ = ["SyntheticScan", "make_scan"]

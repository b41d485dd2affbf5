"""Every architecture by name, behind one interface."""

from collections.abc import Callable
from functools import partial
from typing import Final

from models.cascade import Cascade
from models.detection_model import DetectionModel
from models.detector import CPU, DEEP, FAR, GPU, Detector
from models.errors import UnknownArchitectureError
from models.torchvision_detector import FcosDetector, RetinaNetDetector, Trunk

ARCHITECTURES: Final[dict[str, Callable[..., DetectionModel]]] = {
    "cpu": partial(Detector, profile=CPU),
    "cpu-deep": partial(Detector, profile=DEEP),
    "cpu-far": partial(Detector, profile=FAR),
    "gpu": partial(Detector, profile=GPU),
    "cpu-cascade": partial(Cascade, profile=CPU),
    "gpu-cascade": partial(Cascade, profile=GPU),
    "fcos-resnet18": partial(FcosDetector, trunk=Trunk.RESNET18),
    "fcos-mobilenet": partial(FcosDetector, trunk=Trunk.MOBILENET),
    "retinanet-resnet18": partial(RetinaNetDetector, trunk=Trunk.RESNET18),
    "retinanet-mobilenet": partial(RetinaNetDetector, trunk=Trunk.MOBILENET),
}
CASCADES: Final = ("cpu-cascade", "gpu-cascade")
"""Those that learn in two parts."""


def build_model(architecture: str, *, n_kinds: int, max_candidates: int | None = None) -> DetectionModel:
    """A fresh model.

    Args:
        architecture: One of ``ARCHITECTURES``.
        n_kinds: Number of kinds, K.
        max_candidates: M candidates of each kind leave the model; None: as many as the architecture has.

    Raises:
        UnknownArchitectureError: If there is none of that name.
    """
    build = ARCHITECTURES.get(architecture)
    if build is None:
        raise UnknownArchitectureError(
            f"no architecture is called {architecture!r}; choose one of {', '.join(ARCHITECTURES)}"
        )
    options = {} if max_candidates is None else {"max_candidates": max_candidates}
    return build(n_kinds=n_kinds, **options)

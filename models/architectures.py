"""Every architecture by name, behind one interface."""

from collections.abc import Callable
from functools import partial
from typing import Final

from models.detection_model import DetectionModel
from models.detector import CPU, GPU, Detector
from models.errors import UnknownArchitectureError

__all__ = ["ARCHITECTURES", "DetectionModel", "build_model"]

ARCHITECTURES: Final[dict[str, Callable[..., DetectionModel]]] = {
    "cpu": partial(Detector, profile=CPU),
    "gpu": partial(Detector, profile=GPU),
}


def build_model(architecture: str, *, n_kinds: int, max_candidates: int = 100) -> DetectionModel:
    """A fresh model.

    Args:
        architecture: One of ``ARCHITECTURES``.
        n_kinds: Number of kinds, K.
        max_candidates: M candidates of each kind leave the model.

    Raises:
        UnknownArchitectureError: If there is none of that name.
    """
    build = ARCHITECTURES.get(architecture)
    if build is None:
        raise UnknownArchitectureError(
            f"no architecture is called {architecture!r}; choose one of {', '.join(ARCHITECTURES)}"
        )
    return build(n_kinds=n_kinds, max_candidates=max_candidates)

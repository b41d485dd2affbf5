"""The interface that every architecture implements."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

from models.loss import Loss


class DetectionModel(nn.Module, ABC):
    """A module that knows its loss and answers with the contract's tensors.

    Attributes:
        n_kinds: K.
        max_candidates: M, candidates of each kind.
    """

    def __init__(self, *, n_kinds: int, max_candidates: int = 100) -> None:
        super().__init__()
        self.n_kinds = n_kinds
        self.max_candidates = max_candidates

    @abstractmethod
    def loss(
        self,
        images: Tensor,
        boxes: Sequence[Tensor],
        kinds: Sequence[Tensor],
        outlines: Tensor,
    ) -> Loss:
        """How wrong the model is on a batch.

        Args:
            images: Transmission ``(N, 2, H, W)`` in (0, 1], sides multiples of 32 and at least 64.
            boxes: N tensors ``(n, 4)``, xyxy pixels.
            kinds: N tensors ``(n,)``, int64.
            outlines: Shape ``(N, H / 4, W / 4)``, what each object covers (``models.loss.outline_loss``); a
                model may do without.
        """

    @abstractmethod
    def forward(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        """Candidates per kind.

        Args:
            transmission: Shape ``(N, 2, H, W)`` in (0, 1], sides multiples of 32 and at least 64.

        Returns:
            Boxes ``(N, K, M, 4)``, xyxy in pixels, and scores ``(N, K, M)`` in [0, 1], best first.
        """

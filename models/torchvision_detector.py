"""torchvision's FCOS and RetinaNet behind our interface: the physics features in place of colours.

Heads, assignment, losses and box coders are torchvision's. Its image transform and its suppression are not
used: we never rescale, and a whole model with suppression does not export (pytorch/vision #9306, #9462).
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from typing import Final, assert_never, cast

import torch
from torch import Tensor, nn
from torchvision.models import mobilenet_v3_large, resnet18
from torchvision.models.detection import FCOS, RetinaNet
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.fcos import FCOSHead
from torchvision.models.detection.retinanet import RetinaNetHead

from models.candidates import choose_candidates
from models.detection_model import DetectionModel
from models.loss import Loss
from models.physics import N_FEATURES, physics_features

STRIDES: Final = (4, 8, 16, 32)
_WIDTH: Final = 64
_TOWER: Final = 2
_ANCHOR_SIDES: Final = (2.5, 3.5, 5.0)
"""In strides: 10 to 160 pixels over the levels; RetinaNet stretches them to what a level's boxes need."""
_ANCHOR_RATIOS: Final = (0.5, 1.0, 2.0)
_CERTAIN: Final = 20.0
"""Logit of a quality of 1, for a head that predicts none."""


class Trunk(StrEnum):
    """What turns features into feature maps."""

    RESNET18 = "resnet18"
    MOBILENET = "mobilenet"


class _TorchvisionDetector(DetectionModel):
    """Trunk, pyramid and anchors; a subclass brings torchvision's detector."""

    network: FCOS | RetinaNet

    def answer(self, transmission: Tensor) -> tuple[dict[str, Tensor], list[Tensor]]:
        """What the head says of every anchor, float32, and the anchors of each level, xyxy."""
        features = list(self.network.backbone(physics_features(transmission)).values())[: len(STRIDES)]
        outputs = {name: value.float() for name, value in self.network.head(features).items()}
        cells = self.network.anchor_generator.cell_anchors
        anchors = [
            _anchors(feature, stride, base)
            for feature, stride, base in zip(features, STRIDES, cells, strict=True)
        ]
        return outputs, anchors


class FcosDetector(_TorchvisionDetector):
    """FCOS: no anchors, centre sampling, centre-ness.

    Source: Tian et al., FCOS (ICCV 2019), as in torchvision.
    """

    network: FCOS

    def __init__(self, *, n_kinds: int, max_candidates: int = 100, trunk: Trunk = Trunk.RESNET18) -> None:
        super().__init__(n_kinds=n_kinds, max_candidates=max_candidates)
        self.network = FCOS(
            _backbone(trunk),
            num_classes=n_kinds,
            anchor_generator=AnchorGenerator(tuple((s,) for s in STRIDES), ((1.0,),) * len(STRIDES)),
            head=FCOSHead(_WIDTH, 1, n_kinds, _TOWER),
        )

    def loss(
        self,
        images: Tensor,
        boxes: Sequence[Tensor],
        kinds: Sequence[Tensor],
        outlines: Tensor,
    ) -> Loss:
        """By torchvision, which needs no outlines."""
        del outlines
        outputs, anchors = self.answer(images)
        parts = self.network.compute_loss(
            _targets(boxes, kinds),
            outputs,
            [torch.cat(anchors)] * len(images),
            [len(level) for level in anchors],
        )
        return Loss(what=parts["classification"], where=parts["bbox_regression"] + parts["bbox_ctrness"])

    def forward(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        """See ``DetectionModel.forward``."""
        outputs, anchors = self.answer(transmission)
        boxes = self.network.head.box_coder.decode(outputs["bbox_regression"], torch.cat(anchors))
        found, scores = choose_candidates(
            outputs["cls_logits"].transpose(1, 2),
            boxes,
            outputs["bbox_ctrness"].squeeze(2),
            n=self.max_candidates,
            quality_power=1.0,
        )
        return found, scores.sqrt()


class RetinaNetDetector(_TorchvisionDetector):
    """RetinaNet: nine anchors a cell, matched by overlap.

    Source: Lin et al., Focal loss for dense object detection (ICCV 2017), as in torchvision.
    """

    network: RetinaNet

    def __init__(self, *, n_kinds: int, max_candidates: int = 100, trunk: Trunk = Trunk.RESNET18) -> None:
        super().__init__(n_kinds=n_kinds, max_candidates=max_candidates)
        sizes = tuple(tuple(int(side * stride) for side in _ANCHOR_SIDES) for stride in STRIDES)
        anchors = AnchorGenerator(sizes, (_ANCHOR_RATIOS,) * len(STRIDES))
        self.network = RetinaNet(
            _backbone(trunk),
            num_classes=n_kinds,
            anchor_generator=anchors,
            head=RetinaNetHead(
                _WIDTH,
                len(_ANCHOR_SIDES) * len(_ANCHOR_RATIOS),
                n_kinds,
                norm_layer=partial(nn.GroupNorm, 32),
            ),
        )

    def loss(
        self,
        images: Tensor,
        boxes: Sequence[Tensor],
        kinds: Sequence[Tensor],
        outlines: Tensor,
    ) -> Loss:
        """By torchvision, which needs no outlines."""
        del outlines
        outputs, anchors = self.answer(images)
        parts = self.network.compute_loss(_targets(boxes, kinds), outputs, [torch.cat(anchors)] * len(images))
        return Loss(what=parts["classification"], where=parts["bbox_regression"])

    def forward(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        """See ``DetectionModel.forward``."""
        outputs, anchors = self.answer(transmission)
        codes = outputs["bbox_regression"]
        spread = torch.cat(anchors).expand_as(codes)
        boxes = self.network.box_coder.decode_single(codes.flatten(0, 1), spread.flatten(0, 1))
        boxes = boxes.view_as(codes)
        return choose_candidates(
            outputs["cls_logits"].transpose(1, 2),
            boxes,
            torch.full_like(codes[:, :, 0], _CERTAIN),
            n=self.max_candidates,
            quality_power=1.0,
        )


def _backbone(trunk: Trunk) -> BackboneWithFPN:
    """A trunk of four inputs with a pyramid of strides 4 to 32."""
    match trunk:
        case Trunk.RESNET18:
            resnet = resnet18(weights=None)
            resnet.conv1 = _four_inputs(resnet.conv1)
            layers = {f"layer{i}": str(i) for i in (1, 2, 3, 4)}
            return BackboneWithFPN(resnet, layers, [64, 128, 256, 512], _WIDTH)
        case Trunk.MOBILENET:
            features = cast(nn.Sequential, mobilenet_v3_large(weights=None).features)
            first = cast(nn.Sequential, features[0])
            first[0] = _four_inputs(cast(nn.Conv2d, first[0]))
            # The last layers of their stride, before the classifier's.
            layers = {"3": "1", "6": "2", "12": "3", "15": "4"}
            return BackboneWithFPN(features, layers, [24, 40, 112, 160], _WIDTH)
    assert_never(trunk)


def _four_inputs(colour: nn.Conv2d) -> nn.Conv2d:
    """A fresh convolution like the one for colours, for the physics features."""
    fresh = nn.Conv2d(
        N_FEATURES,
        colour.out_channels,
        kernel_size=cast(tuple[int, int], colour.kernel_size),
        stride=cast(tuple[int, int], colour.stride),
        padding=cast(tuple[int, int], colour.padding),
        bias=False,
    )
    nn.init.kaiming_normal_(fresh.weight, mode="fan_out", nonlinearity="relu")
    return fresh


def _anchors(feature: Tensor, stride: int, base: Tensor) -> Tensor:
    """Anchors around every cell's centre, in the order of the heads: ``(h * w * a, 4)``, xyxy pixels.

    torchvision's own generator reads sizes as numbers, which fixes them in an exported graph.
    """
    height, width = feature.shape[2:]
    x = (torch.arange(width, device=feature.device, dtype=torch.float32) + 0.5) * stride
    y = (torch.arange(height, device=feature.device, dtype=torch.float32) + 0.5) * stride
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    centres = torch.stack([columns, rows, columns, rows], dim=2).view(-1, 1, 4)
    return (centres + base.to(centres)).view(-1, 4)


def _targets(boxes: Sequence[Tensor], kinds: Sequence[Tensor]) -> list[dict[str, Tensor]]:
    """In torchvision's form."""
    return [{"boxes": b.float(), "labels": k} for b, k in zip(boxes, kinds, strict=True)]

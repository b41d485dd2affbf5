"""Where the loss was; it lives in models.loss."""

from models.loss import LevelOutput, Loss, detection_loss

__all__ = ["LevelOutput", "Loss", "detection_loss"]

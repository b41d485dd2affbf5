"""Errors of the training package.

TrainingError              training_error
├── RecipeError            recipe_invalid       a recipe that cannot be read or breaks a rule
├── CheckpointError        checkpoint_invalid   a checkpoint of another recipe, or damaged
├── DeviceError            device_unavailable   a device that is not there
└── DivergedError          training_diverged    gradients that are no numbers any more
"""


class TrainingError(Exception):
    """Base of everything this package raises on purpose."""

    code: str = "training_error"


class RecipeError(TrainingError):
    """The recipe cannot be used."""

    code = "recipe_invalid"


class CheckpointError(TrainingError):
    """The run cannot be resumed from what lies in its folder."""

    code = "checkpoint_invalid"


class DeviceError(TrainingError):
    """The device asked for cannot be used."""

    code = "device_unavailable"


class DivergedError(TrainingError):
    """Learning broke down."""

    code = "training_diverged"

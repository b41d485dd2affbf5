"""How the learning rates and the average of the weights change over a run."""

import math

from training.recipe import ScheduleRecipe


def rate_share(fit: ScheduleRecipe, step: int) -> float:
    """Share of the peak rates: linear warm-up, then half a cosine down to a hundredth."""
    if step < fit.warmup_steps:
        return (step + 1) / fit.warmup_steps
    done = (step - fit.warmup_steps) / max(fit.steps - fit.warmup_steps, 1)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))


def keep_share(fit: ScheduleRecipe, step: int) -> float:
    """How much of the average stays when a step's weights come in; a young average follows quickly."""
    return min(fit.ema_decay, step / (step + 10))

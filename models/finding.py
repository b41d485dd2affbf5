"""What a model saw."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing a model points at.

    Attributes:
        kind: One of the contract's kinds.
        score: In [0, 1]; comparable within a kind only.
        threshold: The score from which this kind counts, at the time of the screening.
        box_xyxy: In pixels of the original scan; None when the finding has no place.
        model_digest: Sha256 of the model file, hex, if it is another than the screening's detector.
        text: What was read, if the finding is about something written.
    """

    kind: str
    score: float
    threshold: float
    box_xyxy: tuple[float, float, float, float] | None
    model_digest: str | None = None
    text: str | None = None

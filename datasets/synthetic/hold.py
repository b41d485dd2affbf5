"""The loadable space of a container or vehicle: what cargo fills and threats hide in."""

from dataclasses import dataclass

from datasets.synthetic.projection import Span


@dataclass(frozen=True, kw_only=True)
class Hold:
    """A box in the scene's frame, millimetres.

    Attributes:
        x: From left to right along the scan.
        y: Ceiling, floor; y points down, so the ceiling is the smaller.
        z: From the side near the source to the far side.
    """

    x: Span
    y: Span
    z: Span

    @property
    def length(self) -> float:
        return self.x[1] - self.x[0]

    @property
    def height(self) -> float:
        return self.y[1] - self.y[0]

    @property
    def width(self) -> float:
        return self.z[1] - self.z[0]

    def litres(self) -> float:
        return self.length * self.height * self.width * 1e-6

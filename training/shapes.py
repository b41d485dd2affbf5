"""Which shapes a recipe hides: those of the benchmark, and of some kinds those for practice, too.

Held-out shapes are never among them.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from datasets.practice.catalogue import practice_shapes
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic.shapes import Shape
from datasets.synthetic.threats_catalogue import shapes_of
from training.recipe import Recipe

_PLAIN: Final[Mapping[ThreatKind, Sequence[Shape]]] = {
    kind: shapes_of(kind, held_out=False) for kind in ThreatKind
}
_PRACTICE: Final[Mapping[ThreatKind, Sequence[Shape]]] = {kind: practice_shapes(kind) for kind in ThreatKind}
_OF_BENCHMARK: Final = frozenset((shape.kind, shape.name) for mine in _PLAIN.values() for shape in mine)


def shapes_of_kind(recipe: Recipe, kind: str) -> Sequence[Shape]:
    """All of one kind."""
    return (_PRACTICE if kind in recipe.practised else _PLAIN)[ThreatKind(kind)]


def shapes_of_recipe(recipe: Recipe) -> list[Shape]:
    """All of all kinds."""
    return [shape for kind in recipe.kinds for shape in shapes_of_kind(recipe, kind)]


def is_of_benchmark(shape: Shape) -> bool:
    """Whether the benchmark has it, too; training may show it out of shape."""
    return (shape.kind, shape.name) in _OF_BENCHMARK

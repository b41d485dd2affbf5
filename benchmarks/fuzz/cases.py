"""The cases of a run: case ``number`` of a seed is the same on every machine."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.fuzz.corpus import read_corpus
from benchmarks.fuzz.mutate import GRAMMARS, mutate


@dataclass(frozen=True, kw_only=True)
class Case:
    """One damaged input for one reader, a folder of the corpus."""

    number: int
    reader: str
    data: bytes


class Cases:
    """Makes the cases of a seed, reader after reader in turn.

    Args:
        seed: Names the run.
        readers: Folders of the corpus.
    """

    def __init__(self, seed: int, readers: Sequence[str]) -> None:
        corpus = read_corpus()
        self._seed = seed
        self._readers = tuple(readers)
        self._seeds = {reader: list(corpus[reader].values()) for reader in readers}
        self._all = [data for seeds in corpus.values() for data in seeds.values()]

    def make(self, number: int) -> Case:
        """Make one case."""
        rng = random.Random(f"{self._seed}/{number}")
        reader = self._readers[number % len(self._readers)]
        sound = rng.choice(self._seeds[reader])
        others = self._all if rng.random() < 0.2 else self._seeds[reader]
        return Case(number=number, reader=reader, data=mutate(rng, sound, GRAMMARS[reader], others))

"""The committed corpus, and a short seeded run of the mutator against every reader in this process."""

import pytest

from benchmarks.fuzz.attack import READERS
from benchmarks.fuzz.cases import Cases
from benchmarks.fuzz.corpus import make_corpus, read_corpus
from benchmarks.fuzz.mutate import GRAMMARS
from benchmarks.fuzz.targets import TARGETS, feed

N_CASES = 400
SEED = 7


def test_corpus__is_what_its_script_makes() -> None:
    """Every committed seed comes from the script; only the bytes of a codec may change with its version."""
    made, committed = make_corpus(), read_corpus()
    assert {reader: set(seeds) for reader, seeds in made.items()} == {
        reader: set(seeds) for reader, seeds in committed.items()
    }
    assert set(TARGETS) == set(GRAMMARS) == set(committed)


@pytest.mark.parametrize("reader", TARGETS)
def test_corpus__every_seed_is_sound(reader: str) -> None:
    """A seed that its reader refused would keep the fuzzer out of the reader's depths."""
    for data in read_corpus()[reader].values():
        TARGETS[reader](data)


@pytest.mark.parametrize("reader", TARGETS)
def test_reader__copes_with_damaged_input(reader: str) -> None:
    """A damaged file is read or refused with the reader's own error; nothing else comes out."""
    cases = Cases(SEED, [reader])
    for number in range(N_CASES):
        feed(reader, cases.make(number).data)


@pytest.mark.parametrize("reader", TARGETS)
def test_mutator__reaches_behind_the_first_check(reader: str) -> None:
    """Some damaged files are still taken: the checksums are made right, and the fields are the format's."""
    cases, n_taken = Cases(SEED, [reader]), 0
    for number in range(N_CASES):
        try:
            TARGETS[reader](cases.make(number).data)
        except Exception:  # noqa: BLE001 - the test above tells which ones may be
            continue
        n_taken += 1
    assert 0 < n_taken < N_CASES


def test_cases__are_the_same_for_a_seed() -> None:
    """A case is named by its seed and number, and can be made again."""
    one, same, other = Cases(1, READERS), Cases(1, READERS), Cases(2, READERS)
    assert [one.make(n) for n in range(20)] == [same.make(n) for n in range(20)]
    assert [one.make(n).data for n in range(20)] != [other.make(n).data for n in range(20)]

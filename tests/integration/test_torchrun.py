"""Training in a group of processes, by torch's own launcher and the project's own command."""

import os
import subprocess
import sys
from pathlib import Path

import torch

from tests.unit.training.recipes import TINY, TINY_TOML
from training.fit import load_weights
from training.progress_log import read_log

BIN = Path(sys.executable).parent


def test_torchrun__processes_learn_together(tmp_path: Path) -> None:
    """The first one writes, once; its weights are of both ones' crops, its hard places from both."""
    (tmp_path / "tiny.toml").write_text(TINY_TOML)
    for world in (1, 2):
        _train(tmp_path, world=world)
        log = read_log(tmp_path / f"of-{world}" / "log.csv")
        assert [row["step"] for row in log] == [1, 2, 3, 4, 5]
    states = [load_weights(tmp_path / f"of-{world}" / "weights.pt", TINY).state_dict() for world in (1, 2)]
    assert not torch.equal(states[0]["stem.0.weight"], states[1]["stem.0.weight"])
    checkpoint = torch.load(tmp_path / "of-2" / "checkpoint.pt", weights_only=True)
    assert checkpoint["step"] == 5
    assert len(checkpoint["hard"]) > 0


def _train(folder: Path, *, world: int) -> None:
    done = subprocess.run(
        [
            BIN / "torchrun", "--standalone", "--nproc-per-node", str(world), "--no-python",
            BIN / "shenxiang", "train", folder / "tiny.toml",
            "--out", folder / f"of-{world}", "--device", "cpu",
        ],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]

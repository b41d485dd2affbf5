"""Recipes of seconds, for the tests of this folder."""

from dataclasses import replace

from training.recipe import (
    CloseupRecipe,
    CropRecipe,
    CropSize,
    FitRecipe,
    MiningRecipe,
    Recipe,
    SceneRecipe,
    ScheduleRecipe,
)

SMALL = CropSize(height_px=96, width_px=128, share=1.0, max_threats=2)
WIDE = CropSize(height_px=96, width_px=256, share=1.0, max_threats=2, weights={"rifle": 1.0})
CROPS = CropRecipe(
    sizes=(SMALL, WIDE),
    threat_share=0.5,
    single_energy_share=0.3,
    eight_bit_share=0.3,
    fittings_share=0.5,
    weights={"gun": 1.0, "dense_block": 1.0},
)
TINY = Recipe(
    name="tiny",
    version="0",
    seed=5,
    kinds=("gun", "dense_block", "rifle"),
    scenes=SceneRecipe(
        n_scenes=2, first_seed=10, height_px=300, width_px=700, other_pitch_share=0.5, pitch_mm=(3.0, 8.0)
    ),
    crops=CROPS,
    mining=MiningRecipe(every=2, batches=2, pool=6, share=1.0),
    fit=FitRecipe(
        steps=5, batch_px=24576, learning_rate=2e-3, kernel_rate=0.02, weight_decay=0.01, warmup_steps=1,
        ema_decay=0.9, checkpoint_every=2, threads=1, workers=0,
    ),
)  # fmt: skip
CLOSEUPS = CloseupRecipe(
    passes=2,
    benign_passes=2,
    n_threats=4,
    passes_per_step=2,
    benign_per_step=1,
    find_hard_every=2,
    hard=5,
    fit=ScheduleRecipe(
        steps=4,
        learning_rate=2e-3,
        kernel_rate=0.02,
        weight_decay=0.01,
        warmup_steps=1,
        ema_decay=0.9,
        checkpoint_every=2,
        threads=1,
        workers=0,
    ),
)
TINY_CASCADE = replace(TINY, architecture="cpu-cascade", closeups=CLOSEUPS)
TINY_TOML = """
name = "tiny"
version = "0"
seed = 5
kinds = ["gun", "dense_block", "rifle"]
[scenes]
n_scenes = 2
first_seed = 10
height_px = 300
width_px = 700
other_pitch_share = 0.5
pitch_mm = [3.0, 8.0]
[crops]
threat_share = 0.5
single_energy_share = 0.3
eight_bit_share = 0.3
fittings_share = 0.5
weights = { gun = 1.0, dense_block = 1.0 }
[[crops.sizes]]
height_px = 96
width_px = 128
share = 1.0
max_threats = 2
[[crops.sizes]]
height_px = 96
width_px = 256
share = 1.0
max_threats = 2
weights = { rifle = 1.0 }
[mining]
every = 2
batches = 2
pool = 6
share = 1.0
[fit]
steps = 5
batch_px = 24576
learning_rate = 2e-3
kernel_rate = 0.02
weight_decay = 0.01
warmup_steps = 1
ema_decay = 0.9
checkpoint_every = 2
threads = 1
workers = 0
"""
CASCADE_TOML = f"""
architecture = "cpu-cascade"
{TINY_TOML.replace("steps = 5", "steps = 2")}
[closeups]
passes = 2
benign_passes = 2
n_threats = 4
passes_per_step = 2
benign_per_step = 1
find_hard_every = 2
hard = 5
[closeups.fit]
{TINY_TOML.split("[fit]")[1].replace("steps = 5", "steps = 4").replace("batch_px = 24576", "")}
"""

"""The fault harness itself: real processes are broken and nothing is found; a planted bug is."""

from benchmarks.queue_faults.run import run_faults, run_planted


async def test_run_faults__finds_nothing_in_the_program() -> None:
    """People work while workers are killed and connections end; every promise is kept."""
    report = await run_faults(n_operations=1500, seed=1, n_people=100, fault_every_s=0.7)
    assert report.n_operations >= 1500
    assert report.faults
    assert report.n_decisions > 100
    assert report.to_json()["violations"] == []


async def test_run_planted__catches_a_bug() -> None:
    """Workers whose claims leave the case in ready give two people one case, and that is found."""
    report = await run_planted(seed=1, names=["ready_kept"], with_control=False)
    document = report.to_json()
    assert (document["n_planted"], document["n_caught"]) == (1, 1), document
    assert document["results"][0]["rules"]["two_live_leases"] > 0
    assert document["results"][0]["violations"][0]["lines"]

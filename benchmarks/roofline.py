"""Roofline: what each step of the work needs of the machine, and what it reaches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from .report import Target, table
from .roofline_steps import Step, make_steps
from .timing import say, timed

EDGE, QUICK_EDGE = 128, 32
ROUNDS = 9
LANES = 128  # independent sums: enough to hide the latency of all pipelines
FLOP_LOOPS, TRIAD_VALUES = 4_000_000, 2**26
QUICK_DIVISOR = 64
# Cores times what one has, at least, or the other core was at work for somebody else.
SCALING = 1.6

Float32 = NDArray[np.float32]


@nb.njit(nogil=True, fastmath=True)
def _multiply_and_add(loops: int, factor: np.float32, more: np.float32) -> np.float32:
    """Two operations a lane and loop, in registers."""
    sums = np.zeros(LANES, np.float32)
    for _ in range(loops):
        for lane in range(LANES):
            sums[lane] = sums[lane] * factor + more
    total: np.float32 = sums.sum()
    return total


@nb.njit(nogil=True)
def _triad(a: Float32, b: Float32, c: Float32, factor: np.float32) -> None:
    """STREAM's triad: 12 bytes a value."""
    for i in range(a.size):
        a[i] = b[i] + factor * c[i]


def measure(quick: bool) -> dict[str, Any]:
    """Measure the machine, then every step on one block and one thread."""
    divisor = QUICK_DIVISOR if quick else 1
    machine = {str(threads): _measure_machine(threads, divisor) for threads in (1, 2)}
    say(f"roofline: {machine}")
    runs = []
    for step in make_steps(QUICK_EDGE if quick else EDGE):
        runs.append(_measure_step(step, 1 if quick else ROUNDS))
        say(f"roofline: {step.name} {runs[-1]['nanoseconds']:.2f} ns")
    return {"edge": QUICK_EDGE if quick else EDGE, "machine": machine, "steps": runs}


def _measure_machine(threads: int, divisor: int) -> dict[str, float]:
    """Return billions of operations and bytes a second of some threads together."""
    loops = FLOP_LOOPS // divisor
    values = TRIAD_VALUES // divisor
    arrays = [np.ones((3, values), np.float32) for _ in range(threads)]

    def compute(_: int) -> None:
        _multiply_and_add(loops, np.float32(0.5), np.float32(0.25))

    def stream(thread: int) -> None:
        a, b, c = arrays[thread]
        _triad(a, b, c, np.float32(0.5))

    return {
        "gigaflops": threads * 2 * LANES * loops / _fastest(compute, threads) / 1e9,
        "gigabytes": threads * 12 * values / _fastest(stream, threads) / 1e9,
    }


def _fastest(work: Callable[[int], None], threads: int) -> float:
    """Return the seconds of the fastest of some runs on several threads at the same time."""

    def together() -> None:
        started = [threading.Thread(target=work, args=(k,)) for k in range(threads)]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()

    return min(timed(together)[1] for _ in range(5))


def _measure_step(step: Step, rounds: int) -> dict[str, Any]:
    step.run()  # compiled, and its memory touched, before it counts
    seconds = min(_processor_seconds(step.run) for _ in range(rounds))
    return {
        "stage": step.stage,
        "name": step.name,
        "bytes": step.bytes,
        "operations": step.operations,
        "counted": step.counted,
        "per": step.per,
        "nanoseconds": seconds / step.items * 1e9,
    }


def _processor_seconds(function: Callable[[], Any]) -> float:
    started = time.process_time()
    function()
    return time.process_time() - started


def _bounds(results: dict[str, Any], step: dict[str, Any]) -> tuple[float, float]:
    """Return the nanoseconds that one thread would need for the bytes, and for the operations."""
    one = results["machine"]["1"]
    return step["bytes"] / one["gigabytes"], step["operations"] / one["gigaflops"]


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Yield nothing: no fraction was promised."""
    yield from ()


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "## Roofline"
    yield ""
    yield "What the machine can do: float32 multiplications and additions, fused, in registers"
    yield "(two operations each), and STREAM's triad on arrays far larger than the caches."
    yield ""
    yield from table(
        ("threads", "billion operations/s", "GB/s"),
        [
            (threads, f"{found['gigaflops']:.0f}", f"{found['gigabytes']:.1f}")
            for threads, found in results["machine"].items()
        ],
    )
    one, two = results["machine"]["1"], results["machine"]["2"]
    if two["gigaflops"] < SCALING * one["gigaflops"]:
        yield ""
        yield "Two threads should compute twice as much: the other core had other work, or shares"
        yield "its arithmetic with somebody else's. Below, one thread, the fastest run of several."
    yield ""
    edge = results["edge"]
    yield f"What each step needs, on a block of {edge}³ voxels inside a phantom, one thread,"
    yield "default parameters. *Bytes* are what the algorithm must read and write once, from"
    yield "wherever it lies; *operations* what it must compute, both without halos, on the grid"
    yield "that a scale is evaluated on. *At best* is the longer of what those take at the rates"
    yield "above (*m*: memory, *a*: arithmetic), and *reached* that, as a share of what was"
    yield "measured (processor time, the fastest of several runs). Sums are neither fused nor"
    yield "reordered (the same bytes on every machine), which alone halves what arithmetic can"
    yield "reach; eigenvalues are computed in float64, of which half as many go into a vector;"
    yield "halos add a fifth to the second smoothing of a block. Steps without arithmetic follow"
    yield "branches and tables, which neither rate describes."
    yield ""
    yield from table(
        ("stage", "step", "per", "bytes", "operations", "at best, ns", "measured, ns", "reached"),
        [_row(results, step) for step in results["steps"]],
    )
    yield ""
    yield "How operations are counted:"
    yield ""
    for step in results["steps"]:
        yield f"- {step['name']}: {step['counted']}"


def _row(results: dict[str, Any], step: dict[str, Any]) -> tuple[str, ...]:
    memory, arithmetic = _bounds(results, step)
    best = max(memory, arithmetic)
    return (
        step["stage"],
        step["name"],
        step["per"],
        f"{step['bytes']:.1f}",
        f"{step['operations']:.1f}",
        f"{best:.2f} {'m' if memory > arithmetic else 'a'}",
        f"{step['nanoseconds']:.2f}",
        f"{best / step['nanoseconds']:.0%}",
    )

"""The device that computes in place of the processors: one CUDA GPU, through CuPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray
from supervox.volumes import SupervoxError

Choice = Literal["auto", "cpu", "gpu"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
Result = TypeVar("Result")

INSTALL = 'pip install "supervox[gpu]"'
USED_SHARE = 0.6  # of the device's free memory: its pool is in pieces, and others use it as well
# What filtering and pooling have on the device at once, per voxel: 243 measured with NumPy.
BYTES_PER_VOXEL = 250
# Fewer voxels at a time don't fill a device; more of them are not faster.
SMALLEST_PART, LARGEST_PART = 2**18, 2**24


class DeviceError(SupervoxError):
    """A device was asked for and can't be used; the message says why, and what to do."""


@dataclass
class Device:
    """Runs work on arrays of another module, a turn at a time, and survives it if it fails.

    Attributes
    ----------
    name : str
        As its maker calls it.
    xp : module
        CuPy, or what has the functions of NumPy; NumPy itself in tests.
    free_bytes : callable
        Says how much of its memory is free.
    release : callable
        Gives memory back that is kept for later.
    tell : callable
        Gets a sentence when the device is given up.
    voxels : int
        That may be worked on at a time; fewer when the memory didn't suffice.
    reason : str
        Why the device was given up; empty as long as it is used.
    """

    name: str
    xp: Any
    free_bytes: Callable[[], int]
    release: Callable[[], None]
    tell: Callable[[str], None]
    voxels: int = field(init=False)
    reason: str = field(init=False, default="")

    def __post_init__(self) -> None:
        fitting = int(USED_SHARE * self.free_bytes()) // BYTES_PER_VOXEL
        self.voxels = max(SMALLEST_PART, min(fitting, LARGEST_PART))
        self._turn = Lock()

    def attempt(self, work: Callable[[int], Result], otherwise: Callable[[], Result]) -> Result:
        """Work on the device, or else without it.

        Threads take turns, so the device holds the arrays of one block at a time; meanwhile the
        others read.

        Parameters
        ----------
        work : callable
            Called as ``work(voxels)``, the number to work on at a time, and again with fewer if
            the memory of the device doesn't suffice.
        otherwise : callable
            Does the same on the processors; called when the device has been given up.
        """
        while not self.reason:
            with self._turn:
                reason = ""
                try:
                    return work(self.voxels)
                except MemoryError:
                    pass  # its traceback holds the arrays: free it first
                except RuntimeError as error:  # CUDA's errors are
                    reason = " ".join(str(error).split())
                self._retreat(reason)
        return otherwise()

    def fetch(self, array: Any) -> NDArray[Any]:
        """Copy an array of the device to memory."""
        found: NDArray[Any] = getattr(self.xp, "asnumpy", np.asarray)(array)
        return found

    def _retreat(self, reason: str) -> None:
        """Try smaller parts, or give the device up."""
        if self.reason:
            return  # another thread was told
        if not reason and self.voxels > SMALLEST_PART:
            self.release()
            self.voxels = max(SMALLEST_PART, self.voxels // 2)
            return
        self.reason = reason or "its memory doesn't suffice"
        self.tell(f"{self.name} is not used any more, the processors go on: {self.reason}")


def find_device(choice: Choice, tell: Callable[[str], None]) -> Device | None:
    """Return the first CUDA device, or None for the processors.

    Parameters
    ----------
    choice : str
        "auto" for a device if one answers, "gpu" for nothing else, "cpu" for none: CuPy is not
        even imported.
    tell : callable
        Gets a sentence if the device is given up later.

    Raises
    ------
    DeviceError
        If "gpu" was asked for and there is none.
    ValueError
        If the choice is another word.
    """
    if choice not in CHOICES:
        raise ValueError(f"the device is one of {', '.join(CHOICES)}, not {choice!r}")
    if choice == "cpu":
        return None
    try:
        return _open(tell)
    except DeviceError:
        if choice == "gpu":
            raise
        return None


def name_of(device: Device | None) -> str:
    """Return what computed, for a report: the name of the device, or "cpu"."""
    return "cpu" if device is None else device.name


def describe_device() -> str:
    """Say whether a device can be used: its name and free memory, or why not."""
    try:
        device = _open(lambda _: None)
    except DeviceError as error:
        return f"none: {error}"
    return f"{device.name}, {device.free_bytes() / 1e9:.1f} GB free"


def _open(tell: Callable[[str], None]) -> Device:
    try:
        import cupy
    except ImportError as error:
        raise DeviceError(f"CuPy, which computes on GPUs, is not installed: {INSTALL}") from error
    try:
        if not cupy.cuda.runtime.getDeviceCount():
            raise DeviceError("there is no CUDA device; nvidia-smi lists those of this machine")
        name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
        cupy.arange(8).sum().item()  # compiles a kernel and waits for it
    except (  # a missing driver is a RuntimeError; missing parts of CUDA show as any of them
        cupy.cuda.compiler.CompileException,
        ImportError,
        MemoryError,
        OSError,
        RuntimeError,
    ) as error:
        why = " ".join(str(error).split())
        raise DeviceError(
            f"no CUDA device answers ({why}); see whether nvidia-smi lists one, and install CuPy "
            f"with its CUDA libraries: {INSTALL}"
        ) from error
    pool = cupy.get_default_memory_pool()

    def free_bytes() -> int:
        return int(cupy.cuda.runtime.memGetInfo()[0]) + int(pool.free_bytes())

    return Device(name, cupy, free_bytes, pool.free_all_blocks, tell)

"""A stage at work: its folder, with the results of its blocks and the voxels that they wrote."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .block_log import Recorded, Tape
from .errors import ExecutionError
from .executors import Executor, Workers, choose_executor
from .shared_arrays import NamedScratch

TAPE = "blocks.tape"


class Unfinished(NamedScratch):
    """The folder of a stage; it stays until `remove`, however the program ends.

    Arrays are those of an earlier process, in the order in which they are asked for.

    Parameters
    ----------
    folder : Path
    origin : str
        Fingerprint of what the stage works from; what another origin left is of no use.
    """

    def __init__(self, folder: Path, origin: str) -> None:
        super().__init__(folder)
        self._origin = origin

    @contextmanager
    def recording(self, workers: Workers) -> Iterator[Executor]:
        """Give what runs the blocks of the stage, but for those that are done.

        Parameters
        ----------
        workers : int or Executor, optional
            What runs those that are not.

        Raises
        ------
        ExecutionError
            If nothing can be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            tape = Tape(self.folder / TAPE, self._origin)
            if not tape.is_continued:
                for file in self.folder.glob("*.bin"):
                    file.unlink()
        except OSError as error:
            raise ExecutionError(f"{self.folder}: can't be written ({error.strerror})") from error
        with tape:
            yield Recorded(choose_executor(workers), tape)

    def remove(self) -> None:
        """Remove all of it: what the stage makes is kept elsewhere by now."""
        shutil.rmtree(self.folder, ignore_errors=True)

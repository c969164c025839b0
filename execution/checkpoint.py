"""A stage at work: its folder, with the results of its blocks and the voxels that they wrote."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .block_log import BlockLog, LoggingExecutor
from .errors import ExecutionError
from .run import Run
from .shared_arrays import NamedScratch

LOG = "blocks.log"


class Checkpoint(NamedScratch):
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
    def recording(self, run: Run) -> Iterator[Run]:
        """Give the run of the stage: it does the blocks that are not done, and keeps each.

        Parameters
        ----------
        run : Run
            What does those that are not.

        Raises
        ------
        ExecutionError
            If nothing can be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            log = BlockLog(self.folder / LOG, self._origin)
            if not log.is_continued:
                for file in self.folder.glob("*.bin"):
                    file.unlink()
        except OSError as error:
            raise ExecutionError(f"{self.folder}: can't be written ({error.strerror})") from error
        with log:
            yield run.on(LoggingExecutor(run.executor, log))

    def remove(self) -> None:
        """Remove all of it: what the stage makes is kept elsewhere by now."""
        shutil.rmtree(self.folder, ignore_errors=True)

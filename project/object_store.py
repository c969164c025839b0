"""The objects that were found last: kept like partitions, and used only if they are still true."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from numpy.typing import NDArray
from supervox.execution import Run

from .array_parts import PartDamaged, PartWriter
from .documents import digest_of
from .partition_store import PartitionStore

OBJECTS = "objects"
T = TypeVar("T")


class ObjectStore(PartitionStore):
    """Partitions and objects in the folder of a project.

    What an object is, and what it follows from, is not known here: see `supervox.objects`.
    """

    def save_objects(
        self,
        follows_from: Mapping[str, Any],
        about: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        *,
        run: Run = Run(),
    ) -> None:
        """Write the objects that were found, so that they needn't be found again.

        Parameters
        ----------
        follows_from, about : mapping
            What they are made from, and what else is to be known; JSON can hold both.
        arrays : mapping of str to array
        run : Run
            Shows progress and stops, between slabs.

        Raises
        ------
        ProjectError
            If they can't be written; those that were there stay.
        Cancelled
            If the run is to stop; nothing is left of them then.
        """

        def fill(writer: PartWriter) -> None:
            for name, values in arrays.items():
                writer.write(name, values, run=run if values.ndim == 3 else run.silent())
            run.check_stop()

        origin = self._objects_origin(follows_from)
        self.parts.write(OBJECTS, {"origin": origin, "about": about}, fill)

    @property
    def has_objects(self) -> bool:
        """Whether objects were kept, true or not."""
        return bool(self.parts.generations(OBJECTS))

    def load_objects(self, follows_from: Mapping[str, Any], make: Callable[..., T]) -> T | None:
        """Read the objects; None if there are none that follow from this.

        Parameters
        ----------
        follows_from : mapping
        make : callable
            Makes them of what is to be known, and of a function that reads an array by name, type
            and shape; raises KeyError, TypeError or ValueError if that is something else.
        """
        part = self._open(OBJECTS, self._objects_origin(follows_from))
        if part is None:
            return None
        try:
            return make(part.header["about"], part.read)
        except (PartDamaged, KeyError, TypeError, ValueError) as error:
            self._tell(part.path.name, str(error))
            return None

    def _objects_origin(self, follows_from: Mapping[str, Any]) -> str:
        made_from = self._prepared_from()
        volume = [made_from.fingerprint, *made_from.channels]
        return digest_of({"volume": volume, "objects": dict(follows_from)})

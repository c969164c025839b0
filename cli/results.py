"""A segmentation written to files, slab by slab, all of them in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from supervox.execution import Run
from supervox.segmentation import Segmentation, count_labels
from supervox.volumes import Volume, VolumeClass, VoxelSize, create_volume

from .inputs import class_names
from .outputs import Outputs


@dataclass(frozen=True)
class ResultFiles:
    """Where to write what of a segmentation.

    Attributes
    ----------
    labels, probabilities, uncertainty : str
        Addresses; None for what isn't wanted.
    """

    labels: str | None = None
    probabilities: str | None = None
    uncertainty: str | None = None

    def as_dict(self) -> dict[str, str]:
        """Return the addresses that there are, by what is written there."""
        return {name: value for name, value in asdict(self).items() if value}

    def plan(self, outputs: Outputs, shape: Sequence[int]) -> ResultFiles:
        """Find out whether all can be written; return the places to write to meanwhile.

        The classes aren't known yet: two, with ids of 16 bits, stand in for them.
        """
        return ResultFiles(
            self.labels and outputs.plan_volume(self.labels, shape, np.uint16),
            self.probabilities
            and outputs.plan_volume(self.probabilities, (2, *shape), np.float32, "probabilities"),
            self.uncertainty and outputs.plan_volume(self.uncertainty, shape, np.float32, "image"),
        )

    def write(
        self,
        result: Segmentation,
        volume: Volume,
        size: VoxelSize,
        classes: Sequence[VolumeClass],
        run: Run,
    ) -> dict[int, int]:
        """Write the files.

        Parameters
        ----------
        result
        volume
            What was segmented: the files have its place in space.
        size
            The voxel size that it was segmented with.
        classes
            Names and colours, as far as there are any.
        run
            Of the making of the voxels.

        Returns
        -------
        dict of int to int
            Voxels by label.
        """
        names = class_names(classes)
        colours = {item.value: item.colour for item in classes}
        every = tuple(
            VolumeClass(k, names.get(k, f"class {k}"), colours.get(k)) for k in result.class_ids
        )
        labelled = [k for k in result.label_ids if k in names]
        named = tuple(VolumeClass(k, names[k], colours.get(k)) for k in labelled)
        create = partial(create_volume, spacing=size.known, unit=size.unit, origin=volume.origin)
        shape, dtype = result.shape, result.label_dtype
        voxels = np.zeros(np.iinfo(dtype).max + 1, np.int64)
        with ExitStack() as stack:
            writers = {}
            if self.labels:
                writers["labels"] = create(self.labels, shape, dtype, classes=named)
            if self.probabilities:
                writers["probabilities"] = create(
                    self.probabilities,
                    (len(every), *shape),
                    np.float32,
                    kind="probabilities",
                    classes=every,
                )
            if self.uncertainty:
                writers["uncertainty"] = create(self.uncertainty, shape, np.float32, kind="image")
            for writer in writers.values():
                stack.enter_context(writer)
            for slab in result.slabs(
                probabilities="probabilities" in writers,
                uncertainty="uncertainty" in writers,
                run=run,
            ):
                for name, writer in writers.items():
                    writer[slab.block.core[0]] = getattr(slab, name)
                voxels += count_labels(slab.labels)
        return {int(k): int(voxels[k]) for k in np.flatnonzero(voxels)}

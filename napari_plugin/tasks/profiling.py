"""A body of the final labels from its surface inwards: shares of classes and images by depth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from supervox.objects import (
    MeasureRequest,
    ObjectsError,
    ObjectTable,
    profile,
    with_asked,
)
from supervox.segmentation import versions

from .jobs import BackgroundTask, Report, Task
from .measuring import MeasureOrder

LOOKING, MEASURING = 1.0, 20.0  # shares of the work


@dataclass(frozen=True, eq=False)
class Profiled:
    """A profile, or why there is none.

    Attributes
    ----------
    order : MeasureOrder
        Labels, images and names; the body is what its steps measure depths in.
    step : float
        Thickness of the shells, in the unit of the voxel size.
    body : tuple of int
        Classes of the body that the labels have.
    table : ObjectTable
        A row for each shell; without a column where there is no profile.
    refused : str
        Why there is none.
    """

    order: MeasureOrder
    step: float
    body: tuple[int, ...] = ()
    table: ObjectTable = field(default=ObjectTable(()), repr=False)
    refused: str = ""

    def about(self, image: str) -> dict[str, Any]:
        """Return what the table was made from; `image` is the address of the image, or its name."""
        of = self.order.about(image)
        return of | {"depth_below": list(self.body), "step": self.step, "versions": versions()}


class Profiling(BackgroundTask):
    """Measures a profile; succeeds with `Profiled`."""

    def start(self, order: MeasureOrder, step: float) -> None:
        """Begin.

        Parameters
        ----------
        order : MeasureOrder
        step : float
            Thickness of the shells, in the unit of the voxel size.
        """
        self.run(_task(order, step), "Measuring a profile", shown=True)


def _task(order: MeasureOrder, step: float) -> Task:
    def measure(report: Report) -> Profiled:
        source, labels = order.of.source, order.of.corrected()
        looking, measuring = report.run.steps([LOOKING, MEASURING])
        request = MeasureRequest(order.names, order.images())
        body = tuple(with_asked(request, order.steps, labels, looking).depth_below)
        try:
            if not body:
                raise ObjectsError("the labels have no voxel of the body's classes")
            table = profile(
                labels,
                body,
                step=step,
                channels=request.channels,
                names=order.names,
                spacing=source.spacing,
                unit=source.unit,
                workers=measuring,
            )
        except ObjectsError as error:
            return Profiled(order, step, body, refused=str(error))
        return Profiled(order, step, body, table)

    return measure

"""Which objects may be several things, or one."""

from __future__ import annotations

from supervox.objects import EditQuestion, find_candidates

from .jobs import BackgroundTask, Report
from .measuring import FoundObjects


class LookingForDoubts(BackgroundTask):
    """Looks at the shape of each object; succeeds with a list of `EditQuestion`."""

    def start(self, found: FoundObjects) -> None:
        """Begin."""

        def look(report: Report) -> list[EditQuestion]:
            source = found.order.of.source
            return find_candidates(
                found.ids,
                found.measured,
                start=source.start,
                spacing=source.spacing,
                workers=report.run,
            )

        self.run(look, "Looking for objects in doubt", shown=True)

"""More and less of a class: what is refused, and the balance that gives a share of the volume."""

from __future__ import annotations

from collections.abc import Sequence

from supervox.execution import Run
from supervox.segmentation.graph.partition import Partition
from supervox.segmentation.refinement.parameters import Balance, RefinementParameters
from supervox.segmentation.refinement.share import FoundBalance, find_balance, share_of_class

from .checks import SegmentationError
from .training import Learned, refine_partitions


def check_balance(balance: Balance, class_ids: Sequence[int]) -> None:
    """Refuse a balance of a class that there is nothing known of.

    Raises
    ------
    SegmentationError
        If it isn't among the classes.
    """
    for class_id, _ in balance:
        if class_id not in class_ids:
            known = ", ".join(map(str, class_ids))
            raise SegmentationError(
                f"class {class_id} can't be balanced: there are strokes of the classes {known}; "
                "choose from these, or paint it first"
            )


def search_balance(
    learned: Learned,
    partitions: Sequence[Partition],
    refinement: RefinementParameters,
    class_id: int,
    share: float,
    *,
    run: Run = Run(),
) -> FoundBalance:
    """Find the balance of a class that gives it a share; the other classes keep theirs.

    Parameters
    ----------
    learned : Learned
    partitions : sequence of Partition
    refinement : RefinementParameters
        As chosen until now.
    class_id : int
    share : float
        Of the voxels, as the mean over the partitions.
    run : Run
        Asked whether to stop on any thread.

    Raises
    ------
    SegmentationError
        If nothing was learned of the class, or there is no such share.
    """
    ids = learned.classifier.class_ids
    check_balance(((class_id, 0.0),), ids)
    if not 0 < share < 1:
        raise SegmentationError(
            f"a share lies between 0 and 100 %, not at {100 * share:g} %: give another"
        )
    sizes = [partition.graph.size for partition in partitions]

    def share_at(value: float) -> float:
        balanced = learned.balanced(refinement.balanced((class_id, value)).balance)
        chosen = refine_partitions(balanced, partitions, refinement.strength, run=run)
        return share_of_class(chosen, sizes, ids.index(class_id))

    return find_balance(share_at, share, refinement.balance_of(class_id))

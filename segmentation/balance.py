"""More and less of a class: what is refused, and the balance that gives a share of the volume."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run
from supervox.segmentation.graph.partition import Partition
from supervox.segmentation.refinement.parameters import Balance, RefinementParameters
from supervox.segmentation.refinement.share import FoundBalance, find_balance

from .checks import SegmentationError
from .training import Learned, refine_partitions

ShareOfLabels = Callable[[Learned, tuple[NDArray[np.int32], ...]], Mapping[int, float]]

MOST_ROUNDS = 8  # of classes whose shares are found in turn; two to four are usual
ROUNDED = 0.005  # shares of all classes add up to 100 % as closely as people round them


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


def check_shares(shares: Balance, class_ids: Sequence[int]) -> None:
    """Refuse shares that no volume can have.

    Parameters
    ----------
    shares : tuple of (int, float)
        Class ids, and the share of each, from 0 to 1.
    class_ids : sequence of int
        All that there are.

    Raises
    ------
    SegmentationError
        If there is nothing known of a class, or no such share, or they are too much together, or
        leave a rest that no class can have.
    """
    check_balance(shares, class_ids)
    for _, share in shares:
        if not 0 < share < 1:
            raise SegmentationError(
                f"a share lies between 0 and 100 %, not at {100 * share:g} %: give another"
            )
    total = sum(share for _, share in shares)
    if len(shares) == len(class_ids) and abs(total - 1) > ROUNDED:
        raise SegmentationError(
            f"the shares of all classes add up to {100 * total:.4g} %, not to 100 %: leave one "
            "class out, and it gets the rest"
        )
    if len(shares) < len(class_ids) and total >= 1:
        raise SegmentationError(
            f"the shares add up to {100 * total:.4g} %, which leaves nothing for the other "
            "classes: ask for less"
        )


def search_balances(
    learned: Learned,
    partitions: Sequence[Partition],
    refinement: RefinementParameters,
    shares: Balance,
    share_of_labels: ShareOfLabels,
    *,
    run: Run = Run(),
) -> dict[int, FoundBalance]:
    """Find the balances with which classes have shares; all other classes keep theirs.

    What one class gains others lose. So the balances of several are found in turn, again and again,
    until they stay as they are.

    Parameters
    ----------
    learned : Learned
    partitions : sequence of Partition
    refinement : RefinementParameters
        As chosen until now.
    shares : tuple of (int, float)
        Class ids, and the share of each: of the voxels, in the labels.
    share_of_labels : callable
        Takes what was learned, balanced, and the column of the class that refinement chose for the
        supervoxels of each partition; returns the share that each class has in the labels of that.
    run : Run
        Asked whether to stop on any thread.

    Returns
    -------
    dict of int to FoundBalance
        By the class ids, in their order; with the shares that they lead to together.

    Raises
    ------
    SegmentationError
        As for `check_shares`.
    """
    ids = learned.classifier.class_ids
    check_shares(shares, ids)

    def shares_at(chosen: RefinementParameters) -> list[float]:
        balanced = learned.balanced(chosen.balance)
        classes = refine_partitions(balanced, partitions, chosen.strength, run=run)
        found = share_of_labels(balanced, classes)
        return [found[class_id] for class_id, _ in shares]

    def find_one(place: int, others: RefinementParameters) -> FoundBalance:
        class_id, share = shares[place]

        def share_at(value: float) -> float:
            return shares_at(others.balanced((class_id, value)))[place]

        return find_balance(share_at, share, others.balance_of(class_id))

    found: dict[int, FoundBalance] = {}
    for _ in range(MOST_ROUNDS if len(shares) > 1 else 1):
        before = refinement
        for place, (class_id, _) in enumerate(shares):
            found[class_id] = find_one(place, refinement)
            refinement = refinement.balanced((class_id, found[class_id].balance))
        if refinement == before:
            break
    if len(shares) == 1:
        return found
    together = zip(found.items(), shares_at(refinement), strict=True)
    return {class_id: one._replace(share=share) for (class_id, one), share in together}

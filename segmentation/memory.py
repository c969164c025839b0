"""What was learned at the moments of the strokes' history, so that an update learns what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run
from supervox.segmentation.classifier.estimators import Classifier
from supervox.segmentation.classifier.fitting import Trainer
from supervox.segmentation.classifier.forest import Forest, join_forests
from supervox.segmentation.graph.partition import Partition
from supervox.segmentation.refinement.cross_validation import (
    cross_validate,
    sample_volume,
    train_for_costs,
    training_rows,
)
from supervox.segmentation.refinement.label_costs import LabelCosts, estimate_label_costs

from .history import Moment, find_moments
from .strokes import Strokes

FIRST_DEALS = 4  # of the strokes into folds, where no earlier moments tell
MOST_REMEMBERED = 24  # moments: the 16 that may count, and a few for undo; trees take memory


@dataclass
class Memory:
    """What was learned at single moments, so that an update learns only what is new.

    Attributes
    ----------
    trainer : Trainer
    """

    trainer: Trainer
    _forests: dict[bytes, Forest] = field(default_factory=dict)
    _costs: dict[bytes, LabelCosts] = field(default_factory=dict)

    def moments(self, partitions: Sequence[Partition], strokes: Strokes) -> list[Moment]:
        """Return the moments that count, the earliest first: `find_moments`.

        Only trees of ours can be renewed in part; all other classifiers know the last moment only.
        """
        moments = find_moments(partitions, strokes, self.trainer.parameters.trees)
        return moments if self.trainer.renews_trees else moments[-1:]

    def train(
        self, partitions: Sequence[Partition], moments: Sequence[Moment], *, run: Run = Run()
    ) -> Classifier:
        """Return the classifier of some moments; the trees that are known are not grown again."""
        if not self.trainer.renews_trees:
            return self.trainer.train(*training_rows(partitions, moments[-1].painted), run=run)
        forests = []
        for number, moment in enumerate(moments):
            key = moment.keys[-1]
            forest = self._forests.get(key)
            if forest is None or forest.roots.size < moment.n_trees:
                # what was painted at once gives the same, be it known as a step or not
                seed = 0 if moment.is_first else moment.step
                trainer = self.trainer.with_trees(moment.n_trees, seed)
                grown = trainer.train(*training_rows(partitions, moment.painted), run=run)
                assert isinstance(grown, Forest)
                forest = grown if moment.is_first else grown.with_fresh(_newest(partitions, moment))
                self._forests[key] = forest
            forests.append(forest.of_moment(number, moment.n_trees))
        return join_forests(forests)

    def estimate_costs(
        self,
        partition: Partition,
        moments: Sequence[Moment],
        classifier: Classifier,
        *,
        run: Run = Run(),
    ) -> LabelCosts:
        """Return the label costs of some moments, each weighted by its part of the trees.

        The first partition alone is asked, so that with trees of ours they are the same live and
        in the end, unless a class lives on in other partitions only.

        Parameters
        ----------
        partition : Partition
            The first.
        moments : sequence of Moment
        classifier : Classifier
            Of these moments.
        run : Run
            Asked whether to stop on any thread.
        """
        # of other classifiers the costs follow from what all partitions taught
        which = 0 if self.trainer.renews_trees else -1
        new = [moment for moment in moments if moment.keys[which] not in self._costs]
        own = run.on(1) if len(new) > 1 else run  # as where strokes of another day are opened

        def learn(moment: Moment) -> LabelCosts:
            return _costs_of(partition, moment, classifier, self.trainer, own)

        for moment, costs in zip(new, run.parallel(learn, new), strict=True):
            self._costs[moment.keys[which]] = costs
        costs_of = [self._costs[moment.keys[which]] for moment in moments]
        return LabelCosts.average(costs_of, [moment.n_trees for moment in moments])

    def forget_all_but(self, moments: Sequence[Moment]) -> None:
        """Forget what belongs to none of these moments, if it is much."""
        kept = {key for moment in moments for key in moment.keys}
        for known in (self._forests, self._costs):
            if len(known) > MOST_REMEMBERED:
                for key in known.keys() - kept:
                    del known[key]

    def take_costs(self, other: Memory) -> None:
        """Know the label costs that another memory knows of the same first partition."""
        self._costs.update(other._costs)

    def copy(self) -> Memory:
        """Return another memory that knows the same."""
        return Memory(self.trainer, dict(self._forests), dict(self._costs))


def _newest(partitions: Sequence[Partition], moment: Moment) -> NDArray[np.float32]:
    """Return the features of what was labelled at a moment, (R, F)."""
    pairs = zip(partitions, moment.newest, strict=True)
    return np.concatenate([part.table.values[at] for part, at in pairs])


def _costs_of(
    partition: Partition,
    moment: Moment,
    classifier: Classifier,
    trainer: Trainer,
    run: Run,
) -> LabelCosts:
    """Learn from held-out strokes and the volume what borders between the classes cost.

    Later moments have one deal of the strokes into folds each, and average over their number. The
    first one has several by itself.
    """
    painted, n_classes = moment.painted[0], len(classifier.class_ids)
    if np.unique(painted.classes).size < n_classes:
        return LabelCosts.unknown(n_classes)  # a class lives on in other partitions only
    smaller = trainer.with_fewer_trees()
    n_deals = FIRST_DEALS if moment.is_first and trainer.renews_trees else 1
    first_deal = 0 if moment.is_first else FIRST_DEALS + moment.step
    per_supervoxel = max(1.0, len(partition.graph.edges) / np.count_nonzero(partition.graph.size))
    if trainer.renews_trees:  # trees of other moments know nothing of this one's strokes, or more
        classifier = train_for_costs(smaller, partition, painted, run=run)
    sample = sample_volume(partition, classifier, run=run)

    def of_deal(deal: int) -> LabelCosts:
        own = run.on(1) if n_deals > 1 else run
        folds = cross_validate(partition, painted, smaller, deal=deal, run=own)
        return estimate_label_costs(folds, sample, per_supervoxel, run=own)

    found = run.parallel(of_deal, range(first_deal, first_deal + n_deals))
    return LabelCosts.average(found, [1] * n_deals)

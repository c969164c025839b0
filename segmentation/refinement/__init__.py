"""Refinement: a Markov random field decides for supervoxels together.

Where to find what:

- `cross_validation`: classifiers that have not seen some of the strokes.
- `label_costs`: what a border between two classes costs, as learned from them and from the volume.
- `cost_scale`: how much of that refinement may use.
- `parameters`: `RefinementParameters`.
- `balance`: more and less of a class, as constants on the log-probabilities.
- `held`: classes that learning gives to nothing else.
- `share`: the balance that gives a class the share of the volume that is asked for.
- `mrf`: `refine`, the energy and its minimum.
- `_alpha_expansion`, `_expansion_move`, `_min_cut`: the solver.
"""

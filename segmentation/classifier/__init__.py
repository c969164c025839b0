"""The classifier: from features of labelled supervoxels to probabilities of the classes.

Where to find what:

- `parameters`: `ClassifierParameters`.
- `forest`: `Forest` and `train_forest`, extremely randomised trees.
- `_tree_training`, `_prediction`: their kernels.
"""

"""The classifier: from features of labelled supervoxels to probabilities of the classes.

Where to find what:

- `parameters`: `ClassifierParameters`, and the classifiers that have a name.
- `forest`: `Forest` and `train_forest`, extremely randomised trees; `_tree_training`,
  `_prediction`: their kernels.
- `estimators`: scikit-learn's interface, and what is checked of anything that has it.
- `fitting`: training whichever was chosen; `stored_estimators`: those of scikit-learn as data.
"""

"""Evaluating a release on the untouched test split: from slices to `metrics.json`.

`ml.training.augmentation.robustness_set` alters images, `passes` runs the release over them,
`bootstrap` and `measures` turn what it said into figures with intervals, and `report` puts them
together. Nothing in here trains.
"""

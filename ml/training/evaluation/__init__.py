"""Judging a release on the untouched test split: from slices to `metrics.json`.

`changes` alters images, `passes` runs the release over them, `bootstrap` and `measures` turn what
it said into figures with intervals, and `report` puts them together. Nothing in here trains.
"""

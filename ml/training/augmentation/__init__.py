"""Images changed as scanners, exports and readers change them: one library, three named sets.

`operations` holds what is done to pixels, each with its strength as an argument. The sets choose
the operations and how strongly, and their figures are part of what was released:

- training (`training_set.augment`): by chance, a slice and its lesion's mask alike, for training;
- gate (`gate_set.GATE`): by chance, for the gate, that it refuses no slice for its export;
- robustness (`robustness_set.ROBUSTNESS`): at fixed strengths, to see which labels turn.

`cover` paints over a region of a slice.
"""

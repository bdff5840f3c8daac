"""Images changed as scanners, exports and readers change them: one library, four named sets.

`operations` holds what is done to pixels, each with its strength as an argument. The sets choose
the operations and how strongly, and their figures are part of what was released:

- training (`training_set.augment`): by chance, a slice and its lesion's mask alike, for training;
- gate (`gate_set.GATE`): by chance, for the gate, that it refuses no slice for its export;
- clinic (`clinic_set.change_as_clinics`): by chance, what differs between clinics, for training on
  several sources at once;
- robustness (`robustness_set.ROBUSTNESS`): at fixed strengths, to see which labels turn.

`cover` paints over a region of a slice. `planting` sets lesions into slices that have none: those
that `lesion` cut from others, where `ground` finds brain, as bright as `profiles` says of the
sequence, the surroundings moved by `warping`; `spots` plants what is no tumor. `skull` takes skull
and scalp off or puts them on.
"""

"""From trained weights to a release, measured and written down."""

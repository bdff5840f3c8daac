"""What a release does on sources that it was not trained on, or on a clinic's own images.

By source, sequence, level, skull, kind of head and size of the lesion; within scans; under changes
of the display; and what it turns away. `report` puts it together.
"""

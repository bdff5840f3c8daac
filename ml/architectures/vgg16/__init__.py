"""VGG16: all that knows its layers, shapes and names."""

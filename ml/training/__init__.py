"""Training of the model: data, augmentation, network with heads, loop, export."""

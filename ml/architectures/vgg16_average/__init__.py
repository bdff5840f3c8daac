"""VGG16 whose last maps are averaged (GlobalAveragePooling) where VGG16 flattens them."""

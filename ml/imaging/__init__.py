"""Pixels: image files read, checked, prepared for the network, and drawn over."""

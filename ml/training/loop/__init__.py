"""The network as it is trained, its losses, and the loop that can be stopped."""

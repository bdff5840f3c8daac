"""What is fitted to a trained network: calibration, regions, gate, 8-bit numbers."""

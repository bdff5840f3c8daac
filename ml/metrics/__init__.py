"""Figures of a classifier, their intervals, and probabilities; numbers in, numbers out."""

"""Figures for judging a classifier, and probabilities; numbers in, numbers out."""

"""Synthetic problems with an oracle labeller."""

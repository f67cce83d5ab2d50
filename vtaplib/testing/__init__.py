"""Hypothesis strategies for networks, frames and histories, for the tests of whoever builds on vtaplib."""

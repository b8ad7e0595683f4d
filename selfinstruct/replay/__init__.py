"""Stored calls asked again, and what a round would have come to with their answers."""

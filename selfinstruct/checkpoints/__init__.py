"""Weights and adapters on disk, and the base model loaded from them."""

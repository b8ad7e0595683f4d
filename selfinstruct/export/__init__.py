"""A run's rows, its student and a stress set as folders for others, each with a card and a manifest
of digests.

The cards say what the ledger holds and no more. Nothing here needs matplotlib, as `report` does.
"""

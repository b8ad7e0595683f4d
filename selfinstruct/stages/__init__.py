"""The stages of a round that cost something: each is done once and remembered by the ledger."""

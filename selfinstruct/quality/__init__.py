"""What models say of candidates: examples and opened models in, scores and rejections out.

Nothing here opens a model, reads a ledger or knows of rounds; `verifying` does. A row without a
score was not looked at, or could not be measured, and then its rejection says so.
"""

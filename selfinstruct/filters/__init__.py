"""What a candidate must pass to become an example: soundness, novelty, and distance to held-out
rows.
"""

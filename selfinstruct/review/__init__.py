"""What people say of candidates: a queue of the hardest, their decisions, what becomes of a round.

Kept in `RUN/reviews.db`, a database of its own: the run writes `run.db`, a desk writes this one, so
that each file has one writer. A run reads decisions and writes none.
"""

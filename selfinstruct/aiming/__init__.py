"""What a round asks for: how many rows of what, which labels more often, and who writes how.

Counts, rows and reports in, numbers out. It knows nothing of recipes, prompts or models, and of
real rows only what it is handed: the weak spots of a student are read from its dev report alone.
"""

"""Whether a student is better: verdicts from scores, judges, and what must not be unlearned."""

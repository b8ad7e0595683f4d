"""Which known texts are near a new one by ROUGE-L: exact, whatever the number of known texts."""

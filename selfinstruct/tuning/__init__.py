"""Which mixture and which filters are worth it: several students of one pool, scored on `dev`."""

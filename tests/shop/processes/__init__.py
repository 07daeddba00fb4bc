"""The shop with real processes: web workers, a background worker, the stand-in, and faults."""

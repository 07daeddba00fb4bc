"""The shop with real processes: several web workers, a background worker, the stand-in, and what goes wrong there."""

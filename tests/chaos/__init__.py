"""Faults in the production set while people use it, and what must be true afterwards.

`people` buy, follow affiliates' links, write, answer as staff, and send mails. `faults` kills and stops what the site
consists of, by a plan that its seed repeats (`CHAOS_SEED`). `aftermath` lets the work end and compares what people were
told with what is stored, mailed, and known to PayPal.

`make chaos` runs each fault by itself and three minutes of kills at random, on both databases.
"""

"""The caches that rate limits are counted in: a table of the database, or Redis.

Both store bytes and nothing else, so that whoever can write to one can't plant an object in it. Django's own database
and Redis backends unpickle what they find.
"""

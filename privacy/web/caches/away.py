"""The error of a cache that is away. In a module of its own, so that a site without Redis doesn't load it."""


class CacheAway(Exception):
    """Redis doesn't answer, or refuses. Names neither its address nor a value."""

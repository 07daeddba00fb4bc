"""Traffic: daily page views, and the network domains of direct visitors.

Of a direct visitor the network address is looked up once, in memory, for the domain it belongs to. The domain and the
page are counted by day, each for itself; the address is written nowhere.
"""

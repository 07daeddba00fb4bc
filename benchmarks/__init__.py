"""`make bench`: the cost of privacy, as ratios measured in the same run on the same machine."""

"""`make bench`: what privacy costs, as ratios between things measured in the same run on the same machine."""

"""What the rehearsal tries with the site as a whole.

- `elsewhere`: whether a page, or the server itself, tells anything to somebody else
- `served`: the site as it is really started, and what its server writes down
- `walk`: everybody opens every address, with canaries in whatever a browser can send
- `commands`: what the operator runs
- `inventory`: which ways in nobody tried, and the `reasons` for some
"""

from . import commands, crawl, exemptions, served, third_parties  # noqa: F401  (importing registers them)

# isort: split
from . import inventory  # noqa: F401  (the last of all)

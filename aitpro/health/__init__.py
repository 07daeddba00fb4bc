"""Whether the site works, and who is told if it doesn't (ADR 78).

- `views`: `/healthz`, `/readyz` and `/metrics`
- `parts`: what has to work; `lookout` asks them within a deadline, and seldom
- `request_metrics`, `gauges`: what `/metrics` says
- `watch`: tells staff if housekeeping or the worker has stopped
- `ping`: the dead-man ping
"""

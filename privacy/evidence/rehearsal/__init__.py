"""The rehearsal: the site attacks its own promises, in a temporary scratch copy.

The same code with the same settings runs on separate databases, keys, cache, mail folder and clock. Simulated people
of every kind visit it and submit canaries everywhere; then every store and every page is searched for what shouldn't
be there. Started by `manage.py probe_promises`, and by housekeeping once a night.

- in the live site: `nightly` starts it; `attempts` runs and records it; `live_health` checks which services are down
- `scratch_copy`: its life cycle; `databases`, `environment`: what it runs on; `parent_watchdog`: ends orphans
- `probes`: the registry of probes, which apps contribute in their `probes` modules, and the stages
- `rehearsal`: what probes work with: people, browsers, mails, the clock, and reporting results
- `cast`: names shared by the probes of several apps
- `browser`, `canaries`, `report`

The site's pages don't import this package.
"""

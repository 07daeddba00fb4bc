"""The rehearsal: the site attacks its own promises, in a scratch copy of which nothing stays.

The same code with the same settings runs on databases, keys, a cache, a mail folder and a clock of its own. People of
every kind visit it, with canaries in whatever they send; then every store and every page is searched for what should
not be there. `manage.py probe_promises` starts it, housekeeping once a night.

- in the real site: `nightly` starts it; `attempts` carries it out and writes it down; `live_parts` says what is down
- `scratch`: the copy, how it is started and removed; `databases`, `surroundings`: what it runs on and knows; `lifeline`
- `probes`: what each app contributes in its own `probes` module; `stages`, in which order
- `rehearsing`: what a probe is given: people, browsers, mails, the clock, and where to say what it found
- `people`: the names of those whom several apps' probes meet
- `browser`, `canaries`, `report`

Nothing here is imported by the pages of the site.
"""

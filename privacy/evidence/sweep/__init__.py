"""The sweep: the live stores are searched for what the promises say is not in them. It writes nothing.

The rehearsal shows what the code does with strangers' canaries; the sweep shows what years of it have left behind.

- `sweeping`: one run, within its time, and what it found; `parts`, what each looks at
- `samples`, `words`: a random sample of sealed values, opened in memory, and the search for them in every spelling
- `signs`: what looks like an address, a number, a key, whoever wrote it
- `rows`: reading a table of any size by parts, from a random row on
- `columns`, `shapes`, `caches`, `files`, `mails`: the stores

Nothing here is imported by the pages of the site.
"""

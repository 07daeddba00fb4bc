"""The sweep: searches the live data for what the promises say is not there. It only reads.

The rehearsal shows what the code does with canaries; the sweep shows what years of operation have left behind.

- `run`: runs the parts of a sweep within a time limit and collects results
- `samples`, `word_search`: a random sample of opened sealed values, and the search for them in every encoding
- `detectors`: detects addresses, numbers and keys
- `rows`: reads a table of any size in parts, starting at a random row
- `columns`, `caches`, `files`, `mails`: the parts

The site's pages don't import this package.
"""

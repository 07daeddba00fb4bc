"""`make mutation`: changes the code one small step at a time, and looks whether a test notices.

`python -m tests.mutation privacy/encryption/tokens.py …` does it for some files, without any for all of `privacy/` and
`affiliates/tracking/`. What no test notices is printed; `docs/mutation.md` answers what may stay so, and the command
fails for what it does not name.

- `mutants`: the steps, and how one is put into functions that exist
- `session`: pytest's plugin, which forks a process for each step once the databases are made
"""

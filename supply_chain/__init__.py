"""What a release consists of: pinned packages, their licenses, their known vulnerabilities, and the archive itself.

Run by the Makefile (`make audit`, `make sbom`, `make dist`); the site imports none of it. See docs/supply-chain.md.
"""

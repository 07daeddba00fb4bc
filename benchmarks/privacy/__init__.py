"""The cost of encryption, of archives and of erasure."""

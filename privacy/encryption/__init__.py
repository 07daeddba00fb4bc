"""Encryption at rest: keys, sealed values, sealed fields and blind indexes (docs/encryption.md)."""

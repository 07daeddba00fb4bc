"""Optimistic locking: a page left open never overwrites a colleague's changes (ADR 36).

Each admin form about a row contains a snapshot of the row as shown (`snapshot.py`). On submit, it is compared with
the locked row in the same transaction as the change (`guard.py`). A change form then lists the differences and keeps
the input (`stale_form.py`); an action asks for confirmation on a separate page. Submitting again proceeds.
"""

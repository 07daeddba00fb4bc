"""A page left open never undoes what a colleague did since: ADR 36.

Each form of the admin that is about a row carries what the row held when the page was made (`snapshot.py`). What is
sent is compared with the row as it is now, locked, in the transaction that acts (`guard.py`). A change form then says
what is different, field by field, and keeps what was typed (`stale_form.py`); a step or a button asks once more on a
page of its own. Sending it again goes on, knowingly.
"""

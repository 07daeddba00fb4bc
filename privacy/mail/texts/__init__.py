"""Texts of mails that staff or the operator write instead of the shipped ones.

A text has a subject, and a body in a small part of Markdown with variables such as `{{ order }}`. It changes nothing
else: purpose, recipient, gate, the reason at the end, the legal identity and the unsubscribe link are code.
"""

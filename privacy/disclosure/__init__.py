"""The disclosure register: the only way to disclose a person's data to anyone else.

It requires a recorded order of a court or other authority, with its document, and the approval of a second staff member
if there is one. The export is made once, limited to what the order names. Yearly counts are public.
"""

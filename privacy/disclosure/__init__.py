"""The disclosure register: the only way in which somebody's data leaves this site for anyone but that person.

A recorded order of a court or another authority comes first, with its document. A second member of staff approves it,
where there are two. Only then is the export made, once, limited to what the order names. How many there were in each
year is public.
"""

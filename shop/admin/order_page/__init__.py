"""What staff see of one order on one page: sums, timeline, mails, notes, and what other apps contribute."""

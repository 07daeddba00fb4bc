"""What the reports of all apps share: the period, the day of a moment, sums by day, and charts (ADR 62, ADR 86)."""

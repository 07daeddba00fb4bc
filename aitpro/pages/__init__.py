"""Content that staff write: pages, the texts of the front pages, questions and answers, and redirects."""

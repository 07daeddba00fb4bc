"""What the rehearsal tries with visits, affiliates and their money."""

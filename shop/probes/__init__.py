"""What the rehearsal tries with orders and payments."""

"""What files are and what their columns and statuses mean, guessed for the user to confirm."""

"""From files to validated tables."""

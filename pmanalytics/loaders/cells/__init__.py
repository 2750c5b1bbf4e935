"""Cells of text as days, instants, numbers and truth values."""

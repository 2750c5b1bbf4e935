"""From tables to tables: no file, no clock, no drawing."""

"""Exports into a store: read in batches, merged part by part."""

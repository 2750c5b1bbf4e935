"""Files and frames as records: whatever packs, encodes or delimits them."""

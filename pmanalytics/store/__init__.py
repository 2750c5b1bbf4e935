"""Tables as Parquet files, in parts, which change as a whole or not at all."""

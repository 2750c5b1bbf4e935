"""Tables as Parquet files and back, without a difference.

Parquet keeps every type of ours but one: columns of Python objects, such as lists of labels. They
are written as JSON, and the file says which they are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

AS_JSON = b"pmanalytics_json"


def write_frame(table: pd.DataFrame, path: Path) -> None:
    """Write a table, but for its index."""
    objects = [name for name in table if table[name].dtype == object]
    encoded = {name: _encoded(table[name]) for name in objects}
    written = pa.Table.from_pandas(table.assign(**encoded), preserve_index=False)
    kept = {**(written.schema.metadata or {}), AS_JSON: json.dumps(objects).encode()}
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(written.replace_schema_metadata(kept), path, compression="zstd")


def read_frame(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return a table as it was written, or those of the columns that it has."""
    with pq.ParquetFile(path) as file:
        held = file.schema_arrow.names
        asked = None if columns is None else [name for name in columns if name in held]
        found = file.read(asked)
    table = found.to_pandas(ignore_metadata=False)
    objects = json.loads((found.schema.metadata or {}).get(AS_JSON, b"[]"))
    return table.assign(**{name: _decoded(found[name]) for name in objects if name in table})


def _encoded(values: pd.Series) -> pd.Series:
    """Return the JSON of each value; NaN, which is no JSON, becomes missing."""
    encode = msgspec.json.Encoder().encode
    cells = [None if cell != cell else encode(cell) for cell in values]  # noqa: PLR0124
    texts = pa.array(cells, pa.large_binary()).cast(pa.large_string())
    return pd.Series(pd.array(texts, dtype="str"), values.index)


def _decoded(texts: pa.ChunkedArray) -> pd.Series:
    decode = msgspec.json.Decoder().decode
    cells = [np.nan if text is None else decode(text) for text in texts.to_pylist()]
    return pd.Series(cells, dtype="object")

"""What was read, and what became of it."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import LIGHT, figure, nothing, rows
from pmanalytics.figures.words import count, number

PARTS = [
    ("n_valid", "loaded", "good"),
    ("n_duplicate", "repeated", "rule"),
    ("n_quarantined", "set aside", "bad"),
]


def plot_files(files: pd.DataFrame) -> go.Figure:
    """Draw for each file which part of its rows was loaded, repeated or set aside.

    Parameters
    ----------
    files
        `Files`.
    """
    if files.empty:
        return nothing("No file was read", "Put your exports into the folder.")
    n_read, n_bad = files["rows_read"].sum(), files["n_quarantined"].sum()
    drawing = figure(
        f"{number(n_bad)} of {count(n_read, 'row')} could not be used and were set aside"
        if n_bad
        else f"All {count(n_read, 'row')} could be used",
        "Rows of each file: loaded (blue), repeats of a loaded row (grey), set aside (orange)",
        alt="; ".join(f"{row['file']}: {_counts(row)}" for _, row in files.iterrows()) + ".",
        note="Rows read = loaded + repeated + set aside, for every file.",
    )
    rows(drawing, files["file"].tolist(), [_counts(row) for _, row in files.iterrows()])
    read = files["rows_read"].clip(lower=1)
    for column, word, color in PARTS:
        drawing.add_bar(
            orientation="h", x=(files[column] / read).tolist(), y=list(range(len(files))),
            width=0.28, marker={"color": LIGHT[color]}, hoverinfo="text",
            hovertext=[f"{count(n, 'row')} {word}" for n in files[column]],
        )  # fmt: skip
    drawing.update_layout(barmode="stack")
    drawing.update_xaxes(visible=False, range=[0, 1])
    return drawing


def _counts(row: pd.Series) -> str:
    counts = ", ".join(f"{number(row[column])} {word}" for column, word, _ in PARTS if row[column])
    return f"{count(row['rows_read'], 'row')} read: {counts}" if counts else row["kind"]

"""What others computed of real records, and how our tables are held against it.

Each folder of real records has a `reference_output.txt`, computed from the files alone with plain
pandas. Where our definition is theirs the figures must agree. Where ours differs, a test says by
which rule.
"""

import re

import pandas as pd
from statsmodels.duration.survfunc import SurvfuncRight

DAY = pd.Timedelta(days=1)
AFTER_ALL = "2040-12-31"


def reference(folder):
    return (folder / "reference_output.txt").read_text(encoding="utf-8")


def line_of(folder, words):
    """Return the one line of the reference that says these words."""
    [line] = [line for line in reference(folder).splitlines() if words in line]
    return line


def named_numbers(line):
    """Return the numbers of a line that are printed as {'name': number}."""
    return {name: float(number) for name, number in re.findall(r"'([^']+)': ([\d.]+)", line)}


def lasted(visits, stage):
    """Return the days of the stays there that have ended."""
    return visits.loc[(visits["stage"] == stage) & ~visits["is_open"], "days"]


def median_with_open(days, is_open):
    """Return statsmodels' Kaplan–Meier median: what is open counts as longer than this."""
    return SurvfuncRight(days, (~is_open).astype(int)).quantile(0.5)


def counts(quarantine):
    names = ["rows_read", "n_valid", "n_quarantined", "n_duplicate"]
    return quarantine.files[names].to_numpy().tolist()

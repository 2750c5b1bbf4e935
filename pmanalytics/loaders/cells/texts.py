"""Texts of a column taken apart at once, and why some of them cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pmanalytics.codes import as_arrow
from pmanalytics.errors import Reason

# RE2's \s knows no other blanks than those of ASCII.
BLANK = r"[\s\p{Z}]"
BOUND_BYTES = 8  # of where a text begins, among pyarrow's large strings
REMARK = r"^[^0-9]*$|\p{L}{2,}[^\p{L}]+\p{L}{2,}|^#DIV/0!$"


def blank_to_missing(column: pd.Series) -> pd.Series:
    """Return the column as text without outer blanks; an empty cell is missing."""
    column = column.astype("str")
    texts = as_arrow(column)
    bare = pc.utf8_trim_whitespace(texts)
    is_bare = bare.equals(texts)
    texts = texts if is_bare else bare
    is_filled = pc.greater(pc.binary_length(texts), 0)
    if is_bare and pc.all(is_filled, skip_nulls=True).as_py():
        return column
    # The texts themselves need no copy: only what tells which of them are missing is new.
    _, bounds, letters = texts.buffers()
    is_filled = pc.fill_null(is_filled, False).buffers()[1]
    texts = pa.LargeStringArray.from_buffers(
        len(texts), bounds.slice(texts.offset * BOUND_BYTES), letters, is_filled
    )
    return pd.Series(pd.array(texts, dtype="str"), column.index, name=column.name)


def fits(texts: pd.Series, pattern: str) -> pd.Series:
    """Tell for each text whether the pattern occurs in it; a missing one has none."""
    found = pc.match_substring_regex(as_arrow(texts), pattern)
    return pd.Series(pc.fill_null(found, False).to_numpy(zero_copy_only=False), texts.index)


def groups(texts: pd.Series, pattern: str) -> pd.DataFrame:
    """Return the named groups of a pattern; a text that does not fit it has none."""
    found = pc.extract_regex(as_arrow(texts), pattern)
    names = [field.name for field in found.type]
    columns = [pd.array(group, dtype="str") for group in found.flatten()]
    return pd.DataFrame(dict(zip(names, columns, strict=True)), index=texts.index)


def numbers_of(texts: pd.Series) -> pd.Series:
    """Return texts of plain digits as numbers; an empty one is missing."""
    digits = as_arrow(texts)
    found = pc.if_else(pc.equal(digits, ""), None, digits).cast(pa.float64())
    return pd.Series(found.to_numpy(zero_copy_only=False), texts.index)


def is_remark(texts: pd.Series) -> pd.Series:
    """Tell the texts that are no slip of the pen but say something in words, or nothing."""
    return fits(texts, REMARK)


class Verdicts:
    """Why texts cannot be read; of several reasons the first counts."""

    def __init__(self, texts: pd.Series) -> None:
        self.texts = texts
        self.numbers = pd.Series(-1, texts.index, dtype="int64")
        self.reasons: list[Reason] = []

    def add(self, is_meant: pd.Series | np.ndarray, reason: Reason) -> None:
        """Note one reason for all texts that are meant."""
        is_meant = np.asarray(is_meant, dtype=bool)
        if is_meant.any():
            self.numbers[is_meant & (self.numbers < 0)] = len(self.reasons)
        self.reasons.append(reason)

    def add_each(
        self, is_meant: pd.Series, keys: pd.Series, reason: Callable[[Any], Reason]
    ) -> None:
        """Note a reason made of its key for each text that is meant."""
        is_meant = is_meant & (self.numbers < 0)
        numbers, distinct = pd.factorize(keys[is_meant])
        self.numbers[is_meant] = numbers + len(self.reasons)
        self.reasons += [reason(key) for key in distinct]

    def take(self, others: Verdicts, positions: np.ndarray) -> None:
        """Note what was found about distinct texts for all texts made of them (-1: of none)."""
        if (others.numbers >= 0).any():
            theirs = np.append(others.numbers.to_numpy(), -1)[positions]
            is_new = (theirs >= 0) & (self.numbers.to_numpy() < 0)
            self.numbers[is_new] = theirs[is_new] + len(self.reasons)
        self.reasons += others.reasons

    @property
    def is_open(self) -> pd.Series:
        """The texts that have no verdict yet."""
        return self.numbers < 0

"""How good was a forecast, once its outcome is known?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pinball_loss(outcome: ArrayLike, forecast: ArrayLike, share: float) -> NDArray[np.float64]:
    """How bad was each forecast of that quantile, in the unit of the outcome?

    An outcome above a P80 costs four times as much as one as far below it (Koenker & Bassett 1978,
    Econometrica 46:33–50).

    >>> pinball_loss([10, 6], [8, 8], 0.85).round(2).tolist()
    [1.7, 0.3]
    """
    miss = np.asarray(outcome, dtype=float) - np.asarray(forecast, dtype=float)
    return np.maximum(share * miss, (share - 1) * miss)

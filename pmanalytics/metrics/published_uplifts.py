"""Which uplifts has the world published? For those without finished projects of their own.

They come from transport and public works, mostly British. Nothing here is ever used
unless it is asked for by name; a company's own `reference_class` is the better guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pandas as pd

from pmanalytics.errors import PMAnalyticsError
from pmanalytics.schemas import PublishedUplifts

COWI = ("Flyvbjerg and COWI, for the UK Department for Transport", 2004)
MOTT = ("Mott MacDonald, for HM Treasury (supplementary Green Book guidance)", 2002)
FIGURES = [
    (COWI, "roads", "cost", {"P50": 0.15, "P80": 0.32}),
    (COWI, "fixed links", "cost", {"P50": 0.23}),
    (MOTT, "non-standard buildings", "duration", {"upper": 0.39, "lower": 0.02}),
    (MOTT, "non-standard buildings", "cost", {"upper": 0.51, "lower": 0.04}),
    (MOTT, "standard buildings", "duration", {"upper": 0.04, "lower": 0.01}),
    (MOTT, "standard buildings", "cost", {"upper": 0.24, "lower": 0.02}),
    (MOTT, "non-standard civil engineering", "duration", {"upper": 0.25, "lower": 0.03}),
    (MOTT, "non-standard civil engineering", "cost", {"upper": 0.66, "lower": 0.06}),
    (MOTT, "standard civil engineering", "duration", {"upper": 0.20, "lower": 0.01}),
    (MOTT, "standard civil engineering", "cost", {"upper": 0.44, "lower": 0.03}),
    (MOTT, "equipment and development", "duration", {"upper": 0.54, "lower": 0.10}),
    (MOTT, "equipment and development", "cost", {"upper": 2.00, "lower": 0.10}),
    (MOTT, "outsourcing", "operating_cost", {"upper": 0.41, "lower": 0.00}),
]


def published_uplifts() -> pd.DataFrame:
    """Which uplifts are published, for which kind of project, and where?

    Returns
    -------
    pandas.DataFrame
        `PublishedUplifts`; shares of the estimate.

    Notes
    -----
    P50 and P80 are uplifts that half and 80 % of the source's projects stayed within. The upper
    bound is what the source adds at the start of an appraisal, the lower one what remains once
    its causes are managed. Bounds and quantiles are not the same kind of number.

    Examples
    --------
    >>> published_uplifts().head(2)[["project_class", "level", "uplift_share", "year"]]
      project_class level  uplift_share  year
    0         roads   P50          0.15  2004
    1         roads   P80          0.32  2004
    """
    rows = [
        (project_class, measure, level, uplift, *source)
        for source, project_class, measure, uplifts in FIGURES
        for level, uplift in uplifts.items()
    ]
    columns = list(PublishedUplifts.to_schema().columns)
    return PublishedUplifts.validate(pd.DataFrame(rows, columns=columns))


def published_uplift(
    project_class: str | Mapping[str, float],
    *,
    level: Literal["P50", "P80", "upper", "lower"],
    measure: Literal["duration", "cost", "operating_cost"] = "cost",
) -> float:
    """Which share does a publication add to an estimate of this class, or of this mixture?

    Parameters
    ----------
    project_class
        A class of `published_uplifts`, or several with their shares of the project.
    level, measure
        As in `published_uplifts`.

    Returns
    -------
    float
        The uplift as a share: estimate × (1 + uplift) is the estimate with it.

    Raises
    ------
    PMAnalyticsError
        If no such figure is published, or the shares do not add up to 1.

    Notes
    -----
    Of a mixture: Σ share × uplift (Mott MacDonald 2002).

    Examples
    --------
    >>> 100 * (1 + published_uplift("roads", level="P80"))
    132.0
    >>> mixture = {"non-standard buildings": 0.3, "standard buildings": 0.7}
    >>> round(published_uplift(mixture, level="upper"), 3)
    0.321
    """
    shares = {project_class: 1.0} if isinstance(project_class, str) else dict(project_class)
    if min(shares.values(), default=0) < 0 or abs(sum(shares.values()) - 1) > 1e-9:
        raise PMAnalyticsError(f"The shares {shares} of the classes must add up to 1.")
    table = published_uplifts()
    table = table[(table["level"] == level) & (table["measure"] == measure)]
    uplift_of = table.set_index("project_class")["uplift_share"].to_dict()
    unknown = [name for name in shares if name not in uplift_of]
    if unknown:
        raise PMAnalyticsError(
            f"No {level} uplift of {measure} is published here for {unknown[0]!r}; "
            f"there is one for {', '.join(uplift_of) or 'no class'}."
        )
    return float(sum(part * uplift_of[name] for name, part in shares.items()))

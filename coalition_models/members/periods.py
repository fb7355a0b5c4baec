"""Calendar periods as whole numbers: months, quarters and years counted from year 0."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError

__all__ = ["PERIODS", "Period", "as_period", "period_number", "period_start"]

Period = Literal["month", "quarter", "year"]
#: periods in a year
PERIODS: dict[str, int] = {"month": 12, "quarter": 4, "year": 1}


def as_period(period: str) -> Period:
    """Check the name of a period.

    Examples
    --------
    >>> as_period("month")
    'month'
    """
    if period in PERIODS:
        return cast(Period, period)
    raise DataError(f"period must be one of month, quarter, year, not {period!r}")


def period_number(dates: pd.Series, period: Period) -> pd.Series:
    """Number the calendar period of each date; a missing date stays missing.

    Examples
    --------
    >>> import pandas as pd
    >>> period_number(pd.Series(pd.to_datetime(["2004-04-27", None])), "month").tolist()
    [24051, <NA>]
    """
    per_year = PERIODS[period]
    months = dates.dt.year * 12 + dates.dt.month - 1
    numbers: pd.Series = (months // (12 // per_year)).astype("Int64")
    return numbers


def period_start(numbers: npt.NDArray[np.int64], period: Period) -> npt.NDArray[np.datetime64]:
    """First day of numbered periods.

    Examples
    --------
    >>> import numpy as np
    >>> str(period_start(np.array([24051]), "month")[0])[:10]
    '2004-04-01'
    """
    months = numbers * (12 // PERIODS[period])
    since_epoch = (months - 1970 * 12).astype("datetime64[M]")
    return since_epoch.astype("datetime64[ns]")

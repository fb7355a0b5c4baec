"""What tests of several models compare with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

Estimate = Callable[[pd.DataFrame], np.ndarray]


@pytest.fixture(scope="session")
def jackknife_of_weights() -> Callable[[pd.DataFrame, str, Estimate], np.ndarray]:
    """Errors by derivatives: each group of rows has a little more, and a little less, weight."""

    def errors(rows: pd.DataFrame, by: str, estimate: Estimate) -> np.ndarray:
        step, squares = 1e-5, 0.0
        for group in rows[by].unique():
            up, down = (
                estimate(
                    rows.assign(weight=rows["weight"] * (1 + sign * step * (rows[by] == group)))
                )
                for sign in (1, -1)
            )
            squares = squares + ((up - down) / (2 * step)) ** 2
        return np.sqrt(squares)

    return errors

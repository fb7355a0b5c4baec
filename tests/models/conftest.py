"""Member-months with exits, for tests of formulas and predictions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest


def make_months(n: int = 150, periods: int = 12, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        x = rng.normal()
        for t in range(periods):
            z = rng.normal()
            p = 1 / (1 + np.exp(3.0 - 0.6 * x - 0.4 * z - 0.3 * (i % 3 == 1)))
            leaves = int(rng.random() < p)
            rows.append((f"S{i:02d}", "abc"[i % 3], t, t + 1, leaves, x, z, i % 7))
            if leaves:
                break
    names = ["state", "region", "start", "stop", "event", "x", "z", "g"]
    return pd.DataFrame(rows, columns=names)


@pytest.fixture(scope="session")
def months() -> Callable[..., pd.DataFrame]:
    return make_months

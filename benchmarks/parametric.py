"""Parametric models on 30,000 rows that enter late: this package and lifelines.

Run: ``python benchmarks/parametric.py``. One row per member with fixed covariates, which is what
lifelines' regressions take; R's ``survreg`` takes no late entry.
"""

from __future__ import annotations

import time
import warnings

import lifelines
import numpy as np
import pandas as pd

import coalition_models as cm

RUNS = 3


def members(count: int, seed: int = 1) -> pd.DataFrame:
    """Members with four fixed covariates, two in five of whom enter late."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 4))
    exits = np.exp(3 + X @ [0.4, -0.3, 0.2, 0.0]) * rng.weibull(1.3, count)
    entry = np.where(rng.random(count) < 0.4, rng.uniform(0, 5, count), 0)
    data = pd.DataFrame(X, columns=list("abcd"))
    data = data.assign(start=entry, stop=np.minimum(exits, 40), event=(exits < 40) * 1)
    data = data.round({"start": 3, "stop": 3})
    return data[data["stop"] > data["start"] + 1e-3].reset_index(drop=True)


def median_time(run) -> float:
    """Median seconds, after one run that is not counted."""
    took = []
    for _ in range(RUNS + 1):
        begin = time.perf_counter()
        run()
        took.append(time.perf_counter() - begin)
    return float(np.median(took[1:]))


def main() -> None:
    """Print a table of seconds."""
    data = members(34_000).head(30_000)
    fitters = {
        "weibull": lifelines.WeibullAFTFitter,
        "lognormal": lifelines.LogNormalAFTFitter,
        "loglogistic": lifelines.LogLogisticAFTFitter,
        "gengamma": lifelines.GeneralizedGammaRegressionFitter,
    }
    print(f"{len(data)} rows, {data['event'].sum()} events")
    print("| distribution | this package | lifelines | times as fast |\n|---|---:|---:|---:|")
    for name in ("exponential", "weibull", "gompertz", "piecewise", "lognormal", "loglogistic",
                 "gamma", "gengamma"):  # fmt: skip
        own = median_time(
            lambda name=name: cm.parametric("event ~ a + b + c + d", data, distribution=name)
        )
        if name not in fitters:
            print(f"| {name} | {own:.2f} s | | |")
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            begin = time.perf_counter()
            fitters[name]().fit(data, "stop", "event", entry_col="start")
            other = time.perf_counter() - begin
        print(f"| {name} | {own:.2f} s | {other:.2f} s | {other / own:.1f} |")


if __name__ == "__main__":
    main()

"""Families of models on the same 30,000 rows: this package and R, in one run.

    OMP_NUM_THREADS=1 python benchmarks/families.py   # writes benchmarks/families.md

One row per member that enters at 0, which is what R's ``survreg`` takes; a tenth of the rows for
exact ties and the conditional logit. Times are of the processor, so that other work on the machine
does not count. Competing exits are in ``competing.md``, Cox in ``results.md``.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import coalition_models as cm

HERE = Path(__file__).resolve().parent
RUNS = 3
X = "a + b + c + d"
NAMES = (
    "exponential", "weibull", "lognormal", "loglogistic", "gompertz", "piecewise", "gamma",
    "gengamma",
)  # fmt: skip

R_SCRIPT = r"""
suppressPackageStartupMessages(library(survival))
d <- read.csv(commandArgs(TRUE)[1]); few <- d[1:3000, ]
d$lower <- ifelse(d$event == 1, ifelse(d$seen == 0, NA, d$seen), d$whole)
d$upper <- ifelse(d$event == 1, d$whole, NA)
seconds <- function(f) { t <- system.time(suppressWarnings(f())); t[[1]] + t[[2]] }
took <- function(f) { seconds(f); median(sapply(1:3, function(i) seconds(f))) }
left <- function(dist) function() survreg(Surv(stop, event) ~ a + b + c + d, d, dist = dist)
binary <- function(link) function() glm(year_event ~ a + b + c + d + log(stop), binomial(link), d)
runs <- list(
  exponential = left("exponential"), weibull = left("weibull"), lognormal = left("lognormal"),
  loglogistic = left("loglogistic"),
  `weibull, dates by the unit` = function() survreg(
    Surv(lower, upper, type = "interval2") ~ a + b + c + d, d, dist = "weibull"),
  logit = binary("logit"), probit = binary("probit"), cloglog = binary("cloglog"),
  cox_exact = function() coxph(Surv(whole, event) ~ a + b + c + d, few, ties = "exact"),
  conditional_logit = function()
    clogit(year_event ~ a + b + c + d + strata(state), few, method = "exact")
)
for (name in names(runs)) cat(name, took(runs[[name]]), sep = "\t", fill = TRUE)
"""


def rows(count: int = 30_000, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, 4))
    eta = values @ [0.4, -0.3, 0.2, 0.0]
    times = np.exp(2.2 - eta) * rng.weibull(1.3, count)
    stop = np.round(np.minimum(times, 20) + 0.001, 3)
    data = pd.DataFrame(values, columns=list("abcd")).assign(start=0.0, stop=stop)
    data["event"] = (times < 20).astype(int)
    data["whole"] = np.ceil(stop)
    data["seen"] = np.where(data["event"] == 1, data["whole"] - 1, data["whole"])
    data["year_event"] = (rng.random(count) < 1 / (1 + np.exp(2.5 - eta))).astype(int)
    data["state"] = np.arange(count) % 300
    return data


def median_time(run: Callable[[], object]) -> float:
    took = []
    for _ in range(RUNS + 1):
        begin = time.process_time()
        run()
        took.append(time.process_time() - begin)
    return float(np.median(took[1:]))


def ours(data: pd.DataFrame) -> dict[str, Callable[[], object]]:
    few = data.head(3000)
    whole = data.assign(stop=data["whole"])
    years = data.assign(event=data["year_event"], log_stop=np.log(data["stop"]))

    def parametric(name: str) -> Callable[[], object]:
        return lambda: cm.parametric(f"event ~ {X}", data, distribution=name)

    def binary(link: str) -> Callable[[], object]:
        plain = years.drop(columns=["start", "stop"])
        return lambda: cm.fit(cm.Specification(link, f"event ~ {X} + log_stop", time=None), plain)

    runs = {name: parametric(name) for name in NAMES}
    runs["weibull, dates by the unit"] = lambda: cm.parametric(
        f"event ~ {X}", whole, last_seen="seen"
    )
    runs |= {link: binary(link) for link in ("logit", "probit", "cloglog")}
    tied = few.assign(stop=few["whole"])
    runs["cox_exact"] = lambda: cm.cox(f"event ~ {X}", tied, ties="exact")
    grouped = few.assign(event=few["year_event"])[["event", "state", *"abcd"]]
    runs["conditional_logit"] = lambda: cm.conditional_logit(f"event ~ {X}", grouped)
    return runs


def in_r(data: pd.DataFrame) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        table, script = Path(folder) / "d.csv", Path(folder) / "time.R"
        data.to_csv(table, index=False)
        script.write_text(R_SCRIPT, encoding="utf-8")
        done = subprocess.run(
            ["Rscript", str(script), str(table)], check=True, capture_output=True, text=True
        )
    found = (line.split("\t") for line in done.stdout.splitlines() if line)
    return {name: float(seconds) for name, seconds in found}


def main() -> None:
    data = rows()
    theirs = in_r(data)
    lines = ["| family | this package, s | R, s | this over R |", "|---|---:|---:|---:|"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, run in ours(data).items():
            own, other = median_time(run), theirs.get(name)
            beside = "| |" if other is None else f"{other:.3f} | {own / other:.2f} |"
            lines.append(f"| {name} | {own:.3f} | {beside}")
            print(lines[-1], flush=True)
    text = "\n".join(lines)
    (HERE / "families.md").write_text(
        "# Speed of families on 30,000 rows\n\n"
        "Made by `benchmarks/families.py`: medians of three runs after one that is not counted, "
        "seconds of the processor on one thread, this package and R in one run. Exact ties and the "
        "conditional logit have 3,000 rows. R at hand has no Gompertz, piecewise or gamma "
        "regression.\n\n"
        f"{text}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()

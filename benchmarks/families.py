"""Families of models on the same 30,000 rows: this package, R and Python, in one run.

    OMP_NUM_THREADS=1 python benchmarks/families.py            # writes benchmarks/families.md
    OMP_NUM_THREADS=1 python benchmarks/families.py --only cox_exact random_logit  # prints

One row per member that enters at 0, which is what R's ``survreg`` takes. Times are of the
processor, so that other work on the machine does not count. Cox is in ``results.md``.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
from families_python import in_python

import coalition_models as cm
from coalition_models.kernels.batch import fit_many_weights
from coalition_models.kernels.binary_rows import binary_rows

HERE = Path(__file__).resolve().parent
RUNS = 3
STATES = 300
DRAWN = 30
X = "a + b + c + d"
TIMES = (
    "exponential", "weibull", "lognormal", "loglogistic", "gompertz", "piecewise", "gamma",
    "gengamma",
)  # fmt: skip
LINKS = ("logit", "probit", "cloglog")
#: engines that took longer than this are timed once
LONG = 3.0
Run = Callable[[], object]


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
    data["state"] = np.arange(count) % STATES
    own = 0.6 * rng.normal(size=STATES)[data["state"]]
    data["year_event"] = (rng.random(count) < 1 / (1 + np.exp(2.5 - eta - own))).astype(int)
    data["year_kind"] = data["year_event"] * (1 + (rng.random(count) < 0.4))
    data["seldom"] = data["event"] * (rng.random(count) < 0.05)
    lost = rng.uniform(2, 30, count)
    exit_time = np.exp(2.4 - eta - own) * rng.exponential(size=count)
    data["end"] = np.ceil(10 * np.minimum(np.minimum(exit_time, lost), 20)) / 10
    data["kind"] = np.where(exit_time < np.minimum(lost, 20), 1 + (rng.random(count) < 0.4), 0)
    data["id"] = np.arange(count)
    return data


def median_time(run: Run) -> float:
    took = []
    for _ in range(RUNS + 1):
        begin = time.process_time()
        run()
        took.append(time.process_time() - begin)
        if took[0] > LONG:
            return took[0]
    return float(np.median(took[1:]))


def ours(data: pd.DataFrame) -> dict[str, Run]:
    whole = data.assign(stop=data["whole"])
    runs: dict[str, Run] = {name: _parametric(name, data) for name in TIMES}
    runs["weibull, dates by the unit"] = lambda: cm.parametric(
        f"event ~ {X}", whole, last_seen="seen"
    )
    return runs | _binary(data) | _exits(data) | _exact(data)


def _parametric(name: str, data: pd.DataFrame) -> Run:
    return lambda: cm.parametric(f"event ~ {X}", data, distribution=name)


def _binary(data: pd.DataFrame) -> dict[str, Run]:
    years = data.assign(event=data["year_event"], log_stop=np.log(data["stop"]))
    plain = years[["event", "year_kind", "state", "log_stop", *"abcd"]]
    # three periods a member, of which an event is known to lie in one
    place = np.arange(len(years))
    happened = years["year_event"].groupby(place // 3).transform("max")
    member, period = place // 3, place % 3
    dated = plain.assign(
        id=member, state=member % STATES, start=period * 1.0, stop=period + 1.0, seen=0.0,
        event=happened * (period == 2),
    )  # fmt: skip
    terms = f"event ~ {X} + log_stop"

    def run(family: str, rows: pd.DataFrame, formula: str = terms, **options: object) -> Run:
        spec = cm.Specification(family, formula, time=None, **options)  # type: ignore[arg-type]
        return lambda: cm.fit(spec, rows)

    runs = {link: run(link, plain, cluster="state") for link in LINKS}
    for link in LINKS:
        runs[f"interval_{link}"] = run(
            f"interval_{link}", dated, last_seen="seen", id="id", cluster="state"
        )
    runs |= {f"random_{link}": run(f"random_{link}", plain, group="state") for link in LINKS}
    runs["conditional_logit"] = run("conditional_logit", plain, f"event ~ {X}", strata="state")
    runs["multinomial"] = run("multinomial", plain, f"year_kind ~ {X} + log_stop", none=0)
    return runs


def _exits(data: pd.DataFrame) -> dict[str, Run]:
    exits = data[["id", "start", "kind", "state", *"abcd"]].assign(stop=data["end"])
    exits["event"] = (exits["kind"] > 0).astype(int)
    moves = exits.assign(**{"from": 0})
    # of every three members one never leaves
    stays = data["id"] % 3 == 0
    stayed = data.assign(
        stop=data["stop"].where(~stays, 20.0), event=data["event"].where(~stays, 0)
    )
    stayed = stayed[["id", "start", "stop", "event", *"abcd"]]

    def frail(name: str) -> Run:
        return lambda: cm.frailty(f"event ~ {X}", exits, group="state", distribution=name)

    return {
        "frailty_gamma": frail("gamma"),
        "frailty_gaussian": frail("gaussian"),
        "cause_specific": lambda: cm.cause_specific(f"kind ~ {X}", exits, none=0),
        "multistate": lambda: cm.multistate(f"kind ~ {X}", moves),
        "fine_gray": lambda: cm.fine_gray(f"kind ~ {X}", exits, cause=1, none=0, id="id"),
        "cure_weibull": lambda: cm.cure(f"event ~ {X}", stayed),
        "cure_loglogistic": lambda: cm.cure(f"event ~ {X}", stayed, distribution="loglogistic"),
    }


def _exact(data: pd.DataFrame) -> dict[str, Run]:
    tied = data.assign(stop=data["whole"])
    few = tied.head(3000)
    return {
        "cox_exact": lambda: cm.cox(f"seldom ~ {X}", tied, ties="exact"),
        "cox_exact, 3,000 rows": lambda: cm.cox(f"event ~ {X}", few, ties="exact"),
    }


def in_r(data: pd.DataFrame) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "d.csv"
        data.to_csv(table, index=False)
        done = subprocess.run(
            ["Rscript", str(HERE / "families.R"), str(table), str(DRAWN)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    found = (line.split("\t") for line in done.stdout.splitlines() if line)
    return {name: float(seconds) for name, seconds in found}


def draws(data: pd.DataFrame, threads: int) -> Run:
    """A thousand cluster-bootstrap weightings of the logit, as R makes them one by one."""
    X = np.column_stack([np.ones(len(data)), data[list("abcd")], np.log(data["stop"])])
    rng = np.random.default_rng(1)
    drawn = rng.integers(0, STATES, (1000, STATES))
    weights = np.array([np.bincount(line, minlength=STATES) for line in drawn], dtype=float)
    rows = binary_rows(X, data["year_event"], "logit")
    return lambda: fit_many_weights(rows, weights, clusters=data["state"], threads=threads)


def table(own: dict[str, float], r: dict[str, float], python: dict[str, tuple[str, float]]) -> str:
    lines = [
        "| family | this package, s | R, s | Python, s | this over the faster |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, seconds in own.items():
        other = r.get(name)
        package, took = python.get(name, ("", None))
        best = min((found for found in (other, took) if found is not None), default=None)
        lines.append(
            f"| {name} | {seconds:.3f} | {'' if other is None else f'{other:.3f}'} "
            f"| {'' if took is None else f'{took:.3f} ({package})'} "
            f"| {'' if best is None else f'{seconds / best:.2f}'} |"
        )
    return "\n".join(lines)


def versions() -> str:
    asked = "cat(R.version.string, sapply(c('survival', 'lme4', 'nnet', 'sandwich'), function(p) "
    asked += "paste(p, packageVersion(p))), sep = ', ')"
    r = subprocess.run(["Rscript", "-e", asked], check=True, capture_output=True, text=True)
    names = ("numpy", "statsmodels", "lifelines", "coalition-models")
    python = ", ".join(f"{name} {metadata.version(name)}" for name in names)
    return f"Python {platform.python_version()}, {python}; {r.stdout}"


def timed(runs: dict[str, Run]) -> dict[str, float]:
    own = {}
    for name, run in runs.items():
        own[name] = median_time(run)
        print(f"{name}: {own[name]:.3f} s", flush=True)
    return own


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*")
    only = parser.parse_args().only
    data = rows()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runs = ours(data) | {"logit, 1,000 weightings": draws(data, 1)}
        own = timed({name: run for name, run in runs.items() if only is None or name in only})
        if only is not None:
            return
        python = {
            name: (package, median_time(run)) for name, (package, run) in in_python(data).items()
        }
    (HERE / "families.md").write_text(
        f"{HEAD}{table(own, in_r(data), python)}\n\n{NOTES}\n{versions()}.\n", encoding="utf-8"
    )


HEAD = """# Speed of families on 30,000 rows

Made by `benchmarks/families.py`: medians of three runs after one that is not counted (one run where
it takes more than three seconds), seconds of the processor on one thread; this package, R and
Python (statsmodels, lifelines) in one run on the same rows, four covariates. Each engine starts
from a data frame; statsmodels from a matrix. The last column is our time over that of the faster
of the other two.

"""

NOTES = """Models that are not quite the same:

- `logit`, `probit`, `cloglog` have variances clustered by 300 states: R's `glm` with
  `sandwich::vcovCL`, statsmodels' `GLM`. R's other families have the variance of `coxph` or
  `survreg` as it comes.
- `interval_*`: members of three periods, of which an event is known to lie in one. R has no such
  model; beside it stands `glm`, which takes dates as exact.
- `random_*`: 25 nodes about the mode of each of 300 groups; `lme4::glmer` has 9.
- `frailty_*`: 300 groups; R as `coxph` has it by default.
- `cause_specific`, `multistate`, `fine_gray` and `frailty_*`: dates by the tenth, two kinds of
  exit. R: `coxph` with several states; `finegray` and `coxph` of its rows.
- `cox_exact`: 20 times with some 60 tied events each; `3,000 rows`: 20 times with 130 each.
- `logit, 1,000 weightings`: of the 300 states, without variances by cluster; R ran `glm.fit` one
  by one on 30 of them, and the time is scaled.
- `gompertz`, `gamma` and `cure_*` have no regression in the packages of R at hand, nor in Python's;
  the generalised gamma of lifelines does not converge on these rows.
"""

if __name__ == "__main__":
    main()

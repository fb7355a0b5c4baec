"""How often 95 % intervals of a clustered Cox fit hold the truth, beside R on the same draws.

    python benchmarks/coverage_study.py            # writes benchmarks/coverage.md, some minutes
    python benchmarks/coverage_study.py --draws 50 # a quick look, printed only

Part 1: members of a coalition share a frailty by state, so rows of a state are alike. Truth is the
limit of the estimator itself, from a fit to very many states. Part 2: few exits in a rare state of
the covariate, so that in many draws no finite maximum exists.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import tempfile
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from coalition_models import __version__
from coalition_models.errors import CoalitionWarning, FitError
from coalition_models.members.simulate.panel import simulate_panel
from coalition_models.models.cox.api import cox
from coalition_models.render import Table

HERE = Path(__file__).resolve().parent
CLUSTERS = (20, 40, 60)
TERMS = ["risk", "commitment", "election_near"]
COEFFICIENTS = {"risk": 0.5, "commitment": -0.5, "election_near": 0.7}
KINDS = {"risk": "varying", "commitment": "fixed", "election_near": "pulse"}
FORMULA = f"event ~ {' + '.join(TERMS)}"
LEVEL = 0.95

R_SCRIPT = r"""
suppressPackageStartupMessages(library(survival))
args <- commandArgs(TRUE)
width <- as.integer(args[2]); p <- width - 5
values <- readBin(args[1], "double", file.size(args[1]) / 8)
m <- matrix(values, ncol = width, byrow = TRUE)
terms <- paste0("x", seq_len(p))
colnames(m) <- c("draw", "state", "start", "stop", "event", terms)
d <- as.data.frame(m)
f <- as.formula(paste("Surv(start, stop, event) ~", paste(terms, collapse = " + ")))
control <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 60)
out <- t(sapply(split(d, d$draw), function(part) {
  fit <- suppressWarnings(coxph(f, data = part, cluster = state, ties = "efron", control = control))
  c(coef(fit), sqrt(diag(fit$var)))
}))
writeBin(as.vector(t(out)), args[3])
cat(as.character(packageVersion("survival")))
"""


@dataclass(frozen=True)
class Draws:
    """Estimates and standard errors of every draw: draws x terms."""

    estimates: np.ndarray
    errors: dict[str, np.ndarray]


def clustered_draw(states: int, seed: int) -> pd.DataFrame:
    """One panel whose rows are alike within states."""
    return simulate_panel(
        members=states,
        periods=60,
        spells=3,
        clock="entry",
        coefficients=COEFFICIENTS,
        covariates=KINDS,
        hazard=0.04,
        frailty=0.8,
        seed=seed,
    )


def limit(states: int = 20_000, seed: int = 1) -> np.ndarray:
    """What the estimator tends to as states grow: it ignores the frailty, so not the input."""
    return cox(FORMULA, clustered_draw(states, seed)).coefficients


def fit_draws(panels: list[pd.DataFrame]) -> Draws:
    """Fit every panel with clustered and jackknife errors."""
    errors: dict[str, list[np.ndarray]] = {"model": [], "cluster": [], "jackknife": []}
    estimates = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        for panel in panels:
            for kind in ("cluster", "jackknife"):
                fit = cox(FORMULA, panel, cluster="state", variance=kind)
                errors[kind].append(fit.std_errors)
            estimates.append(fit.coefficients)
            errors["model"].append(np.sqrt(np.diag(fit.model_covariance)))
    return Draws(np.array(estimates), {k: np.array(v) for k, v in errors.items()})


def fit_draws_in_r(panels: list[pd.DataFrame]) -> tuple[Draws, str]:
    """Fit the same panels with R's coxph; also gives the version of its package."""
    blocks = []
    for number, panel in enumerate(panels):
        state = pd.factorize(panel["state"])[0]
        numbers = panel[["start", "stop", "event", *TERMS]].to_numpy(dtype=float)
        blocks.append(np.column_stack([np.full(len(panel), number), state, numbers]))
    table = np.ascontiguousarray(np.concatenate(blocks))
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "in.bin", Path(folder) / "out.bin"
        script = Path(folder) / "fit.R"
        script.write_text(R_SCRIPT, encoding="utf-8")
        table.tofile(given)
        command = ["Rscript", str(script), str(given), str(table.shape[1]), str(made)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        out = np.fromfile(made).reshape(len(panels), -1)
    return Draws(out[:, : len(TERMS)], {"cluster": out[:, len(TERMS) :]}), done.stdout


def has_r() -> bool:
    """Whether Rscript is there."""
    return shutil.which("Rscript") is not None


def usable(panels: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Leave out draws without a finite maximum, whole or with one state left out."""
    return [panel for panel in panels if _is_finite(panel)]


def _is_finite(panel: pd.DataFrame) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        try:
            cox(FORMULA, panel, cluster="state", variance="jackknife")
        except FitError:
            return False
    return True


def coverage(draws: Draws, kind: str, truth: np.ndarray, degrees: float) -> float:
    """Share of intervals that hold the truth, over draws and terms."""
    half = stats.t.isf((1 - LEVEL) / 2, degrees) * draws.errors[kind]
    return float((np.abs(draws.estimates - truth) <= half).mean())


def clustered_study(draws: int, clusters: tuple[int, ...] = CLUSTERS) -> tuple[pd.DataFrame, str]:
    """One row per number of clusters, in shares; and the version of R's package, if it was run."""
    truth = limit()
    rows, r_version = [], ""
    for states in clusters:
        panels = usable([clustered_draw(states, 10_000 * states + i) for i in range(draws)])
        ours = fit_draws(panels)
        infinite = float("inf")
        row = {
            "clusters": states,
            "draws": len(panels),
            "left out": draws - len(panels),
            "events": float(np.mean([panel["event"].sum() for panel in panels])),
            "model": coverage(ours, "model", truth, infinite),
            "cluster": coverage(ours, "cluster", truth, infinite),
        }
        if has_r():
            theirs, r_version = fit_draws_in_r(panels)
            row["R cluster"] = coverage(theirs, "cluster", truth, infinite)
            gap = np.abs(ours.errors["cluster"] / theirs.errors["cluster"] - 1)
            row["worst SE difference"] = float(gap.max())
        row["cluster, t(G-1)"] = coverage(ours, "cluster", truth, states - 1)
        row["CR3"] = coverage(ours, "jackknife", truth, infinite)
        row["CR3, t(G-1)"] = coverage(ours, "jackknife", truth, states - 1)
        rows.append(row)
    return pd.DataFrame(rows), r_version


def separated_draw(seed: int) -> pd.DataFrame:
    """One panel with few exits, of which few or none fall before an election."""
    return simulate_panel(
        members=30,
        periods=48,
        coefficients={"election_near": -0.7, "risk": 0.5},
        covariates={"election_near": "pulse"},
        hazard=0.018,
        seed=seed,
    )


def separation_study(draws: int) -> pd.DataFrame:
    """Plain and Firth estimates of a coefficient (truth -0.7) that many draws separate."""
    truth, term = -0.7, 0
    plain, firth, limits = [], [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        for seed in range(draws):
            panel = separated_draw(500_000 + seed)
            try:
                fit = cox("event ~ election_near + risk", panel)
                row = fit.tidy().iloc[term]
                plain.append((fit.coefficients[term], row["conf_low"], row["conf_high"]))
            except FitError:
                plain.append((np.nan, np.nan, np.nan))
            fit = cox("event ~ election_near + risk", panel, penalty="firth")
            row = fit.tidy().iloc[term]
            firth.append(fit.coefficients[term])
            limits.append((row["conf_low"], row["conf_high"]))
    found = np.array(plain)
    finite = ~np.isnan(found[:, 0])
    penalised, bounds = np.array(firth), np.array(limits)
    held = (bounds[:, 0] <= truth) & (truth <= bounds[:, 1])
    plain_held = (found[:, 1] <= truth) & (truth <= found[:, 2])
    return pd.DataFrame(
        [
            _scores(
                "plain, draws with an estimate", found[finite, 0], plain_held[finite], truth, draws
            ),
            _scores("Firth, the same draws", penalised[finite], held[finite], truth, draws),
            _scores("Firth, the other draws", penalised[~finite], held[~finite], truth, draws),
            _scores("Firth, all draws", penalised, held, truth, draws),
        ]
    )


def _scores(
    name: str, estimates: np.ndarray, held: np.ndarray, truth: float, draws: int
) -> dict[str, object]:
    return {
        "estimator": name,
        "draws": len(estimates),
        "share of draws": len(estimates) / draws,
        "bias": float(estimates.mean() - truth),
        "rmse": float(np.sqrt(((estimates - truth) ** 2).mean())),
        "coverage": float(held.mean()),
    }


PAGE = """\
# Coverage of clustered and penalised intervals

Made by `python benchmarks/coverage_study.py --draws {draws}` with coalition_models {ours},
numpy {numpy}, Python {python}, {r}. The draws are seeded.

## Clustered intervals

Share (in %) of nominal 95 % intervals that hold the truth, over three coefficients: one that varies
by month, one fixed by state, an election calendar. Efron ties, up to three spells per state, state
frailty with standard deviation 0.8. `R cluster` is `coxph(..., cluster = state)` on the same draws.
Draws in which the fit, or a fit without one of the states, has no finite maximum are left out for
every column (`left out`). Simulation error: about {error:.1f} points (standard error, were the
three coefficients independent).

{clustered}
`cluster` is the sandwich without small-sample factor (R's convention), `CR3` the jackknife that
leaves out one state at a time; t(G-1) marks Student's t in place of the normal quantile.

## Separation

Thirty states, few exits, true coefficient -0.7 on an election calendar. Where no exit falls before
an election the plain maximum is at minus infinity and `cox()` refuses; Firth's penalty always gives
an estimate, here with profile-likelihood intervals. Draws in which the plain fit exists are those
with the most exits before elections, so that every estimate is too high among them: the line to
compare with the plain fit is Firth's on all draws, for which the plain fit has no answer.

{separated}"""


def report(clustered: pd.DataFrame, separated: pd.DataFrame, draws: int, r_version: str) -> str:
    """Both studies as Markdown."""
    return PAGE.format(
        draws=draws,
        ours=__version__,
        numpy=version("numpy"),
        python=platform.python_version(),
        r=f"R survival {r_version}" if r_version else "R was not at hand",
        error=100 * np.sqrt(0.05 * 0.95 / (3 * draws)),
        clustered=_clustered_table(clustered).markdown(),
        separated=_separated_table(separated).markdown(),
    )


def _clustered_table(study: pd.DataFrame) -> Table:
    formats = {"clusters": "{}", "draws": "{}", "left out": "{}", "events": "{:.0f}"}
    formats["worst SE difference"] = "{:.0e}"
    columns = [
        [formats.get(name, "{:.1f}").format(v if name in formats else 100 * v) for v in study[name]]
        for name in study.columns
    ]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return Table(list(study.columns), rows, align="r" * len(columns))


def _separated_table(study: pd.DataFrame) -> Table:
    header = [
        "estimator",
        "draws",
        "% of draws",
        "coverage % of these",
        "coverage % of all draws",
        "bias",
        "root mean squared error",
    ]
    rows = [
        [
            row["estimator"],
            str(row["draws"]),
            f"{100 * row['share of draws']:.1f}",
            f"{100 * row['coverage']:.1f}",
            f"{100 * row['coverage'] * row['share of draws']:.1f}",
            f"{row['bias']:.2f}",
            f"{row['rmse']:.2f}",
        ]
        for row in study.to_dict("records")
    ]
    return Table(header, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=400)
    draws = parser.parse_args().draws
    clustered, r_version = clustered_study(draws)
    text = report(clustered, separation_study(draws), draws, r_version)
    print(text)
    if draws >= 400:
        (HERE / "coverage.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

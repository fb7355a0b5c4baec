"""Bias of the models of competing exits, and how often their 95 % limits hold the truth.

    python benchmarks/competing_study.py            # writes benchmarks/competing.md, some minutes
    python benchmarks/competing_study.py --draws 50 # a quick look, printed only

Every draw has 300 members of whom half enter late and some are censored; rows are simulated from
the model that is then fitted, so that its own coefficients are the truth.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.linalg import expm

import coalition_models as cm
from coalition_models.render import Table

HERE = Path(__file__).resolve().parent
MEMBERS = 300
Found = tuple[str, float, float, float, float]


def observed(rng: np.random.Generator, time: np.ndarray, kind: np.ndarray) -> pd.DataFrame:
    """Half enter late, all are censored by 12; who left before entering was never seen."""
    late = rng.random(len(time)) < 0.5
    entry = np.where(late, rng.uniform(0, 3, size=len(time)), 0.0).round(4)
    end = rng.uniform(4, 12, size=len(time)).round(4)
    stop = np.minimum(time.round(4) + 1e-4, end)
    data = pd.DataFrame({"start": entry, "stop": stop, "kind": np.where(stop == end, 0, kind)})
    return data.assign(who=np.arange(len(data)), z=0.0)


def specific(rng: np.random.Generator) -> Iterator[Found]:
    """Two constant hazards with a covariate."""
    z = rng.normal(size=MEMBERS)
    rates = np.array([0.15 * np.exp(0.5 * z), 0.10 * np.exp(-0.4 * z)])
    time = rng.exponential(1 / rates.sum(axis=0))
    kind = np.where(rng.random(MEMBERS) < rates[0] / rates.sum(axis=0), 1, 2)
    data = observed(rng, time, kind).assign(z=z)
    data = data[data["stop"] > data["start"] + 1e-4]
    fit = cm.cause_specific("kind ~ z", data, id="who")
    for truth, row in zip((0.5, -0.4), fit.tidy().itertuples(), strict=True):
        yield f"`cause_specific`, {row.term}", truth, row.estimate, row.conf_low, row.conf_high


def subdistribution(rng: np.random.Generator) -> Iterator[Found]:
    """The design of Fine and Gray: half leave in the way in question where z is 0."""
    z = rng.normal(size=MEMBERS)
    share = 1 - 0.5 ** np.exp(0.6 * z)
    own = rng.random(MEMBERS) < share
    at = 1 - (1 - rng.random(MEMBERS) * share) ** np.exp(-0.6 * z)
    time = np.where(own, -4 * np.log(1 - at / 0.5), rng.exponential(4, size=MEMBERS))
    data = observed(rng, time, np.where(own, 1, 2)).assign(z=z)
    data = data[data["stop"] > data["start"] + 1e-4]
    fit = cm.fine_gray("kind ~ z", data, cause=1, id="who")
    row = fit.tidy().iloc[0]
    yield "`fine_gray`, z", 0.6, row["estimate"], row["conf_low"], row["conf_high"]


def incidence(rng: np.random.Generator) -> Iterator[Found]:
    """Two constant hazards; the share gone in one way by 5."""
    time = rng.exponential(1 / 0.25, size=MEMBERS)
    data = observed(rng, time, np.where(rng.random(MEMBERS) < 0.6, 1, 2))
    data = data[data["stop"] > data["start"] + 1e-4]
    row = cm.cumulative_incidence(data, "kind", id="who").at([5]).iloc[0]
    truth = 0.6 * (1 - np.exp(-0.25 * 5))
    yield (
        "`cumulative_incidence` at 5", truth, row["incidence"], row["conf_low"], row["conf_high"]
    )  # fmt: skip


def periods(rng: np.random.Generator) -> Iterator[Found]:
    """Twelve periods of a multinomial logit."""
    z = np.repeat(rng.normal(size=MEMBERS), 12)
    stop = np.tile(np.arange(1.0, 13), MEMBERS)
    who = np.repeat(np.arange(MEMBERS), 12)
    odds = np.column_stack([np.ones(len(z)), np.exp(-3 + 0.5 * z), np.exp(-3.2 - 0.4 * z)])
    chance = (odds / odds.sum(axis=1, keepdims=True)).cumsum(axis=1)
    kind = (rng.random(len(z))[:, None] > chance).sum(axis=1)
    data = pd.DataFrame({"start": stop - 1, "stop": stop, "kind": kind, "z": z, "who": who})
    gone = data["kind"].gt(0).groupby(data["who"]).cumsum() - data["kind"].gt(0)
    fit = cm.multinomial("kind ~ z", data[gone == 0], id="who", time=None)
    found = fit.tidy().set_index("term")
    for term, truth in (("1: z", 0.5), ("2: z", -0.4)):
        row = found.loc[term]
        yield (
            f"`multinomial`, {term}", truth, row["estimate"], row["conf_low"], row["conf_high"]
        )  # fmt: skip


def states(rng: np.random.Generator) -> Iterator[Found]:
    """Full, reduced (and back), out, with constant hazards; the share reduced at 5."""
    rates = {0: ((1, 0.2), (2, 0.05)), 1: ((0, 0.1), (2, 0.15))}
    rows = []
    for who in range(MEMBERS):
        now, time, end = 0, 0.0, round(rng.uniform(4, 12), 5)
        while now != 2 and time < end:
            targets, speeds = zip(*rates[now], strict=True)
            wait = rng.exponential(1 / sum(speeds))
            after = targets[int(rng.random() > speeds[0] / sum(speeds))]
            stop = min(round(time + wait + 1e-5, 5), end)
            rows.append((who, time, stop, now, after if stop < end else now))
            now, time = (after, stop) if stop < end else (now, end)
    data = pd.DataFrame(rows, columns=["who", "start", "stop", "from", "to"])
    move = np.array([[-0.25, 0.2, 0.05], [0.1, -0.25, 0.15], [0.0, 0.0, 0.0]])
    truth = expm(5 * move)[0, 1]
    row = cm.state_occupancy(data, id="who").at([5]).set_index("state").loc["1"]
    yield "`state_occupancy` at 5", truth, row["occupancy"], row["conf_low"], row["conf_high"]


DESIGNS: tuple[Callable[[np.random.Generator], Iterator[Found]], ...] = (
    specific, subdistribution, periods, incidence, states,
)  # fmt: skip


def study(draws: int) -> pd.DataFrame:
    """One row per estimate: truth, mean, bias and coverage over the draws."""
    found: list[Found] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cm.CoalitionWarning)
        for place, design in enumerate(DESIGNS):
            seeds = np.random.SeedSequence([20041, place]).spawn(draws)
            for seed in seeds:
                found += design(np.random.default_rng(seed))
    table = pd.DataFrame(found, columns=["estimate of", "truth", "found", "low", "high"])
    table["held"] = (table["low"] <= table["truth"]) & (table["truth"] <= table["high"])
    grouped = table.groupby("estimate of", sort=False)
    out = grouped.agg(truth=("truth", "first"), mean=("found", "mean"), spread=("found", "std"),
                      coverage=("held", "mean"))  # fmt: skip
    return out.assign(bias=out["mean"] - out["truth"]).reset_index()


def report(found: pd.DataFrame, draws: int) -> str:
    """The page."""
    rows = [
        [
            row["estimate of"],
            f"{row['truth']:.3f}",
            f"{row['bias']:+.4f}",
            f"{row['spread']:.3f}",
            f"{100 * row['coverage']:.1f}",
        ]
        for row in found.to_dict("records")
    ]
    header = ["estimate of", "truth", "bias", "standard deviation", "95 % limits hold it, %"]
    return (
        "# Competing exits: bias and coverage\n\n"
        f"Made by `python benchmarks/competing_study.py --draws {draws}`: {draws} draws of "
        f"{MEMBERS} members each,\nlate entry and censoring in the continuous-time designs. A "
        "share of 95 % over so many draws has a\nstandard error of "
        f"{100 * np.sqrt(0.95 * 0.05 / draws):.1f} points.\n\n"
        f"{Table(header, rows).markdown().rstrip()}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=500)
    draws = parser.parse_args().draws
    text = report(study(draws), draws)
    print(text)
    if draws >= 500:
        (HERE / "competing.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

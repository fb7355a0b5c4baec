"""What the package maketables asks of a result, so that its tables take a fit as it is."""

from __future__ import annotations

from typing import Protocol, cast

import numpy as np
import pandas as pd

from coalition_models.models.display import Choices
from coalition_models.models.engine import Engine
from coalition_models.models.term_labels import term_labels

__all__ = ["ForMaketables"]

#: what maketables calls a statistic -> the column of ``glance()``
_STATISTICS = {
    "N": "nobs",
    "ll": "log_likelihood",
    "aic": "aic",
    "bic": "bic",
    "events": "events",
    "members": "members",
    "clusters": "clusters",
    "concordance": "concordance",
    "ties": "ties",
}


class _Fitted(Protocol):
    """What of a fit is handed on."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the coefficients."""

    @property
    def engine(self) -> Engine:
        """Knows the sample."""

    @property
    def choices(self) -> Choices:
        """Settings."""

    @property
    def data_choices(self) -> tuple[str, ...]:
        """How columns were made."""

    def tidy(self, exponentiate: bool = False, level: float = 0.95) -> pd.DataFrame:
        """One row per coefficient."""

    def glance(self) -> pd.DataFrame:
        """One row on the whole fit."""


class ForMaketables:
    """The attributes of maketables' plug-in format (Python only; nothing of it is imported)."""

    @property
    def _fit(self) -> _Fitted:
        return cast("_Fitted", self)

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """Estimates on the model's own scale by the variance of the fit: b, se, t, p, limits."""
        tidy = self._fit.tidy().set_index("term")
        wider = self._fit.tidy(level=0.9).set_index("term")
        return pd.DataFrame(
            {
                "b": tidy["estimate"],
                "se": tidy["std_error"],
                "t": tidy["statistic"],
                "p": tidy["p_value"],
                "ci95l": tidy["conf_low"],
                "ci95u": tidy["conf_high"],
                "ci90l": wider["conf_low"],
                "ci90u": wider["conf_high"],
            }
        ).rename_axis("Coefficient")

    def __maketables_stat__(self, key: str) -> float | int | str | None:
        """A statistic of the fit; None for what it has not."""
        if key == "se_type":
            return self._fit.choices.variance
        if key not in _STATISTICS:
            return None
        value = self._fit.glance()[_STATISTICS[key]].iloc[0]
        if value is None or value == "" or value != value:
            return None
        return cast("float | int | str", value.item() if isinstance(value, np.generic) else value)

    @property
    def __maketables_depvar__(self) -> str:
        """The response."""
        return self._fit.engine.sample.design.response

    @property
    def __maketables_fixef_string__(self) -> str | None:
        """Strata with a baseline of their own, joined by plus signs."""
        return "+".join(self._fit.choices.strata) or None

    @property
    def __maketables_var_labels__(self) -> dict[str, str]:
        """Coefficient -> its label."""
        found = term_labels(self._fit)
        return {
            name: f"{one.section}: {one.words}" if one.section else one.words
            for name, one in found.items()
        }

    @property
    def __maketables_vcov_info__(self) -> dict[str, str]:
        """Kind of the covariance, and clusters."""
        choices = self._fit.choices
        info = {"se_type": choices.variance, "vcov_type": choices.variance}
        if choices.cluster and choices.variance in ("cluster", "jackknife"):
            info |= {
                "cluster_var": "+".join(choices.cluster),
                "clustervar": "+".join(choices.cluster),
            }
        return info

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        """What stands below the coefficients unless told otherwise."""
        return ["events", "N", "ll", "aic", "se_type"]

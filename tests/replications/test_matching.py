"""Rounding to the printed digits."""

from __future__ import annotations

import pytest

from coalition_models.replications.matching import MATCHES, match_printed, rounded_as


@pytest.mark.parametrize(
    ("printed", "ours", "match"),
    [
        ("0.170", 0.1704, "exact"),
        ("0.170", 0.1705, "off by one in the last digit"),
        ("0.170", 0.1716, "differs"),
        ("-0.005", -0.0054, "exact"),
        ("-0.000", 0.0003, "exact"),
        ("20448", 20448.0, "exact"),
        ("20448", 20450.0, "differs"),
        ("14.85", 14.845, "exact"),
        ("0.03", 0.0356, "off by one in the last digit"),
        ("-3.272e+00", -3.27158, "exact"),
        ("4.36e-05", 0.0000437, "off by one in the last digit"),
        ("1.0", float("nan"), "differs"),
        ("1.0", float("inf"), "differs"),
        ("1.0", -1.0, "differs"),
        ("0.5", 1e300, "differs"),
    ],
)
def test_match(printed, ours, match):
    assert match_printed(printed, ours) == match
    assert match in MATCHES


def test_ours_is_written_with_the_printed_digits():
    assert rounded_as("0.50", 0.4999) == "0.50"
    assert rounded_as("0.50", float("nan")) == "none"

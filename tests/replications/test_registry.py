"""The list of studies and their records."""

from __future__ import annotations

import re

import pytest

from coalition_models.errors import ReplicationError
from coalition_models.replications import registry
from coalition_models.replications.registry import list_replications, replicate
from coalition_models.replications.study import read_published
from coalition_models.sources.load import datasets


def test_every_record_is_complete():
    listed = list_replications()
    assert list(listed.index) == list(registry._STUDIES)
    known = set(datasets().index) | set(datasets().get("name", []))
    for name in listed.index:
        study = registry._study(name)
        assert study.name == name
        assert study.source in known
        assert re.fullmatch(r"10\.\d{4,}/\S+", study.doi)
        printed = read_published(study.published)
        assert set(printed["table"]) == set(study.tables)
        assert len(printed) == listed.loc[name, "numbers"]
        assert printed["page"].str.len().min() > 0
        keys = set(
            printed[["table", "model", "term", "quantity"]].itertuples(index=False, name=None)
        )
        assert set(study.deviations) <= keys


def test_an_unknown_study_lists_the_known_ones():
    with pytest.raises(ReplicationError, match="box-steffensmeier-zorn-2001"):
        replicate("box-steffensmeier")

"""Tables in any dtype give what the plain ones give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.tables.plain import plain_table

LEVELS = pd.DataFrame(
    {
        "coalition": "A",
        "state": ["POL", "POL", "ESP"],
        "cow": [290, 290, 230],
        "date": pd.to_datetime(["2004-01-31", "2004-09-30", "2004-09-30"]),
        "troops": [5, 6, 7],
    }
)


def unused(column):
    return pd.Categorical(column, categories=["zzz", *sorted(set(column))[::-1]], ordered=True)


FORMS = {
    "category": lambda t, keys: t.astype(dict.fromkeys(keys, "category")),
    "unused category": lambda t, keys: t.assign(**{k: unused(t[k]) for k in keys}),
    "string": lambda t, keys: t.astype(dict.fromkeys(keys, "string")),
    "nullable": lambda t, keys: t.convert_dtypes(),
    "seconds": lambda t, keys: t.astype(
        {c: "datetime64[s]" for c in t.columns if t[c].dtype.kind == "M"}
    ),
    "labels": lambda t, keys: t.set_index(keys[0], drop=False),
    "one label": lambda t, keys: t.set_axis([0] * len(t)),
}


@pytest.fixture(scope="module")
def iraq():
    return cm.load("participation").query("coalition == 'iraq'").reset_index(drop=True)


@pytest.fixture(scope="module")
def profile(iraq):
    return cm.operational_profile(iraq)


def equal(a, b):
    pd.testing.assert_frame_equal(a, b, check_dtype=False, check_index_type=False)


@pytest.mark.parametrize("form", FORMS)
def test_spells_do_not_depend_on_the_form_of_the_levels(form):
    changed = FORMS[form](LEVELS, ["coalition", "state"])
    equal(cm.spells_from_levels(changed), cm.spells_from_levels(LEVELS))
    troops = cm.load("troops").dropna(subset=["troops"])
    changed = FORMS[form](troops, ["coalition", "state"])
    # the bundled lists are of irregular dates
    with pytest.warns(cm.CoalitionWarning, match="lie in holes of the list"):
        equal(cm.spells_from_levels(changed), cm.spells_from_levels(troops))


@pytest.mark.parametrize("form", FORMS)
def test_profiles_and_falls_do_not_depend_on_the_form_of_their_tables(form, iraq, profile):
    keys = ["coalition", "state"]
    change = FORMS[form]
    equal(cm.operational_profile(change(iraq, [*keys, "exit_kind"])), profile)
    troops, changes = cm.load("troops"), cm.load("profile_changes")
    own = cm.operational_profile(
        iraq,
        change(troops, keys),
        changes=change(changes, [*keys, "change", "planned"]),
        coalitions=change(cm.load("coalitions"), keys[:1]),
    )
    equal(own, profile)
    falls = cm.withdrawals(profile)
    equal(cm.withdrawals(change(profile, keys)), falls)
    equal(
        cm.significant_withdrawals(change(falls, keys), pooled="coalition"),
        cm.significant_withdrawals(falls, pooled="coalition"),
    )


@pytest.mark.parametrize("form", FORMS)
def test_panels_and_defections_do_not_depend_on_the_form_of_their_tables(form, iraq, profile):
    keys = ["coalition", "state"]
    change = FORMS[form]
    panel = cm.build_panel(iraq)
    equal(cm.build_panel(change(iraq, [*keys, "exit_kind"])), panel)
    equal(cm.describe_panel(change(panel, keys)), cm.describe_panel(panel))
    changes = cm.load("profile_changes")
    found = cm.code_defections(iraq, profile, changes)
    again = cm.code_defections(
        change(iraq, [*keys, "exit_kind"]),
        change(profile, keys),
        change(changes, [*keys, "change", "planned"]),
    )
    equal(again, found)
    told = cm.panel_events(change(panel, keys), change(found, [*keys, "kind"]))
    equal(told, cm.panel_events(panel, found))


def test_a_users_own_columns_stay_as_they_are():
    table = LEVELS.assign(region=pd.Categorical(["b", "a", "b"], categories=["b", "a"]))
    out = plain_table(table, "levels", only=["state"])
    assert out["region"].cat.categories.tolist() == ["b", "a"]
    assert plain_table(table, "levels")["region"].tolist() == ["b", "a", "b"]


def test_missing_text_stays_missing_and_numbers_of_categories_are_numbers():
    table = pd.DataFrame({"a": pd.array(["x", None], dtype="string"), "b": [1, 2]})
    out = plain_table(table.astype({"b": "category"}), "table")
    assert out["a"].isna().tolist() == [False, True]
    assert out["b"].dtype == np.int64


def test_a_column_given_twice_is_refused(iraq, profile):
    panel = cm.build_panel(iraq)
    twice = {
        "members": lambda: cm.operational_profile(_twice(iraq)),
        "levels": lambda: cm.spells_from_levels(_twice(LEVELS)),
        "participation": lambda: cm.code_defections(_twice(iraq)),
        "the profile": lambda: cm.withdrawals(_twice(profile)),
        "the panel": lambda: cm.describe_panel(_twice(panel)),
        "repeated columns: state": lambda: cm.validate(_twice(iraq), "participation"),
    }
    for name, call in twice.items():
        with pytest.raises(cm.DataError, match=f"{name}.*"):
            call()


def _twice(table):
    return pd.concat([table, table[["state"]]], axis=1)

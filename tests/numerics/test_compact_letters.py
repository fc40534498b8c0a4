"""Letters of means by what they must say, and by their number in R's multcompView."""

import json
from pathlib import Path

import numpy as np
import pytest

from bayesmix.numerics.compact_letters import letter_groups, letters_of

CASES = json.loads((Path(__file__).parents[1] / "references" / "contrasts.json").read_text())["letters"]


def differences(n, pairs):
    apart = np.zeros((n, n), dtype=bool)
    apart[np.triu_indices(n, 1)] = pairs
    return apart | apart.T


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_means_share_a_letter_if_and_only_if_they_are_not_told_apart(case):
    apart = differences(case["n"], case["differ"])
    groups = letter_groups(apart)
    shares = groups.astype(int) @ groups.T.astype(int) > 0
    assert np.array_equal(shares, ~apart)
    assert groups.shape[1] <= len(set("".join(case["letters"])))
    # No group lies within another, and none can be left out.
    for column in range(groups.shape[1]):
        without = np.delete(groups, column, axis=1).astype(int)
        assert not np.array_equal(without @ without.T > 0, ~apart)


def test_five_means_in_a_chain():
    """The first differs from the last two, the second from the last."""
    apart = np.zeros((5, 5), dtype=bool)
    for first, second in ((0, 3), (0, 4), (1, 4)):
        apart[first, second] = apart[second, first] = True
    assert letters_of(letter_groups(apart)) == ["a", "ab", "abc", "bc", "c"]


def test_many_letters_have_names_of_their_own():
    names = letters_of(np.eye(60, dtype=bool))
    assert len(set(names)) == 60
    assert names[:2] == ["a", "b"]


def test_one_mean_has_a_letter():
    assert letters_of(letter_groups(np.zeros((1, 1), dtype=bool))) == ["a"]

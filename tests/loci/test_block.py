"""Blocks of loci: parts of a block joined again are the block."""

from itertools import pairwise

import numpy as np
import pytest

from bayesmix.loci.block import LociBlock, joined


@pytest.fixture
def block() -> LociBlock:
    return LociBlock(
        ("a", "b", "c"),
        np.array([0, 2, 2, 5]),
        np.array([0, 1, 0, 1, 2]),
        {"methylated": np.array([3, 0, 1, 2, 4])},
        {"position": np.array([100, 120, 150])},
    )


@pytest.mark.parametrize("cuts", [(0, 3), (0, 1, 3), (0, 1, 2, 3), (0, 2, 2, 3)])
def test_parts_joined_again_are_the_block(block, cuts):
    again = joined([block.part(first, last) for first, last in pairwise(cuts)])
    assert again.names == block.names
    np.testing.assert_array_equal(again.starts, block.starts)
    np.testing.assert_array_equal(again.samples, block.samples)
    np.testing.assert_array_equal(again.columns["methylated"], block.columns["methylated"])
    np.testing.assert_array_equal(again.places["position"], block.places["position"])


def test_rows_of_a_locus(block):
    assert len(block) == 3
    assert [list(block.columns["methylated"][block.rows(number)]) for number in range(3)] == [[3, 0], [], [1, 2, 4]]

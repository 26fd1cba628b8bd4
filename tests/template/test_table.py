"""The table of the template is the table that the local stack makes.

The local stack prints its table as one JSON object, in the words of CloudFormation:
AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, StreamSpecification, TimeToLiveSpecification, BillingMode.
CAIRN_TABLE_JSON names the file that holds it.
"""

import copy
import json
import os
from pathlib import Path

import pytest

SAID = {"AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema", "StreamSpecification", "TimeToLiveSpecification"}


def sorted_deep(value):
    """The same value with every list in one order, so that order says nothing."""
    if isinstance(value, dict):
        return {k: sorted_deep(v) for k, v in value.items()}
    if isinstance(value, list):
        return sorted((sorted_deep(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    return value


@pytest.fixture
def deployed(resources):
    return {k: v for k, v in resources["Table"]["Properties"].items() if k in SAID}


@pytest.fixture
def local():
    file = os.environ.get("CAIRN_TABLE_JSON")
    if not file:
        assert os.environ.get("CI") != "true", "CAIRN_TABLE_JSON is not set"
        pytest.skip("CAIRN_TABLE_JSON is not set: `cairn --print-table` makes the file")
    return json.loads(Path(file).read_text())


def test_the_local_stack_makes_the_table_that_is_deployed(deployed, local):
    assert set(local) == SAID
    assert sorted_deep(local) == sorted_deep(deployed)


def test_order_says_nothing_and_a_projection_does(deployed):
    other = copy.deepcopy(deployed)
    other["AttributeDefinitions"].reverse()
    other["GlobalSecondaryIndexes"].reverse()
    assert sorted_deep(other) == sorted_deep(deployed)
    other["GlobalSecondaryIndexes"][0]["Projection"]["ProjectionType"] = "KEYS_ONLY"
    assert sorted_deep(other) != sorted_deep(deployed)

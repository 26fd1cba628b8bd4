"""Who may depend on whom: functions -> app -> {platform, mail, document} -> domain -> nothing."""

import copy
import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = {"api", "export", "feedback", "inbound", "reconcile", "report", "send", "sweep"}

# For each package of the product, the packages of this workspace that it may be built from.
MAY_USE = {
    "domain": set(),
    "mail": {"domain"},
    "document": {"domain"},
    "platform": {"domain"},
    "app": {"document", "domain", "mail", "platform"},
} | {function: {"app", "domain", "mail", "platform"} for function in FUNCTIONS}

# What the pure packages must not contain, however deep.
NOT_IN_PURE = ("aws-", "aws_", "lambda_", "axum", "dynoxide", "futures-executor", "hyper", "mio", "reqwest", "tokio", "tower")


@pytest.fixture(scope="session")
def metadata():
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def members(metadata):
    return {p["name"]: p for p in metadata["packages"] if p["id"] in metadata["workspace_members"]}


def uses(package, *kinds):
    """Names of the direct dependencies of these kinds: None (normal), "build", "dev"."""
    return {d["name"] for d in package["dependencies"] if d["kind"] in kinds}


def contents(metadata, name):
    """Names of every package that goes into `name`, tests aside."""
    nodes = {n["id"]: n for n in metadata["resolve"]["nodes"]}
    names = {p["id"]: p["name"] for p in metadata["packages"]}
    found, todo = set(), [members(metadata)[name]["id"]]
    while todo:
        for dep in nodes[todo.pop()]["deps"]:
            if dep["pkg"] not in found and any(k["kind"] is None for k in dep["dep_kinds"]):
                found.add(dep["pkg"])
                todo.append(dep["pkg"])
    return {names[id] for id in found}


def breaches(metadata):
    """Every arrow that points the wrong way, in words."""
    workspace = members(metadata)
    found = []
    for name, allowed in MAY_USE.items():
        built_from = uses(workspace[name], None, "build")
        found += [f"{name} must not use {other}" for other in sorted((built_from & set(workspace)) - allowed)]
        if name != "platform":
            found += [f"{name} must not use {other}: only platform speaks to AWS" for other in sorted(built_from)
                      if other.startswith(("aws-sdk-", "aws-smithy-")) or other == "aws-config"]
    found += [f"domain must not use {other}, not even in tests" for other in sorted(uses(workspace["domain"], "dev") & set(workspace))]
    for name in ("document", "domain", "mail"):
        found += [f"{name} must not contain {other}" for other in sorted(contents(metadata, name)) if other.startswith(NOT_IN_PURE)]
    for name in FUNCTIONS:
        found += [f"{name} must not contain {other}" for other in ("cairn", "dynoxide-rs") if other in contents(metadata, name)]
    return found


def test_every_arrow_points_the_right_way(metadata):
    assert breaches(metadata) == []


def test_every_package_of_the_product_is_known_here(metadata):
    others = {"bench", "cairn", "stories"}
    assert set(members(metadata)) == set(MAY_USE) | others


def test_versions_stand_in_one_place(metadata):
    for name, package in members(metadata).items():
        text = Path(package["manifest_path"]).read_text()
        section = ""
        for line in text.splitlines():
            if line.startswith("["):
                section = line
            elif "dependencies" in section and "=" in line and not line.startswith("#"):
                assert "workspace = true" in line, f"{name}: `{line}` has a version of its own"


@pytest.mark.parametrize("name, dependency, kind", [
    ("domain", "platform", None),
    ("domain", "app", "dev"),
    ("mail", "platform", None),
    ("platform", "mail", None),
    ("send", "aws-sdk-sesv2", None),
    ("app", "aws-sdk-dynamodb", None),
    ("api", "cairn", None),
    ("report", "send", None),
])
def test_a_wrong_arrow_is_seen(metadata, name, dependency, kind):
    planted = copy.deepcopy(metadata)
    members(planted)[name]["dependencies"].append({"name": dependency, "kind": kind})
    assert any(b.startswith(f"{name} must not use {dependency}") for b in breaches(planted))


def test_a_wrong_package_deep_inside_domain_is_seen(metadata):
    planted = copy.deepcopy(metadata)
    ids = {p["name"]: p["id"] for p in planted["packages"]}
    node = next(n for n in planted["resolve"]["nodes"] if n["id"] == ids["chrono"])
    node["deps"].append({"name": "tokio", "pkg": ids["tokio"], "dep_kinds": [{"kind": None, "target": None}]})
    assert "domain must not contain tokio" in breaches(planted)

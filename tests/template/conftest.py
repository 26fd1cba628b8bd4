"""The template as its author wrote it, and as CloudFormation will see it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "infra" / "template.yaml"
RECEIVING = ROOT / "infra" / "receiving.yaml"


class _NoManagedPolicies:
    def load(self):
        return {}


def transformed_from(text):
    """The CloudFormation template that SAM makes of `text`, with a stand-in for the built code."""
    source = yaml_parse(text)
    source["Globals"]["Function"]["CodeUri"] = "s3://code-bucket/code.zip"
    return json.loads(json.dumps(transform(source, {}, _NoManagedPolicies())))


def lint(template, folder):
    """cfn-lint's findings in `template`, as (rule, place, message)."""
    file = Path(folder) / "transformed.json"
    file.write_text(json.dumps(template))
    tool = Path(os.sys.executable).parent / "cfn-lint"
    run = subprocess.run([tool, "--format", "json", "--include-checks", "I", "--regions", "eu-central-1", "us-east-1", "--", file],
                         stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    return [(f["Rule"]["Id"], "/".join(map(str, f["Location"]["Path"])), f["Message"]) for f in json.loads(run.stdout or "[]")]


@pytest.fixture(scope="session")
def text():
    return TEMPLATE.read_text()


@pytest.fixture(scope="session")
def source(text):
    return json.loads(json.dumps(yaml_parse(text)))


@pytest.fixture(scope="session")
def template(text):
    return transformed_from(text)


@pytest.fixture(scope="session")
def receiving():
    """The template of the rules by which SES receives mail, which is plain CloudFormation."""
    return json.loads(json.dumps(yaml_parse(RECEIVING.read_text())))


@pytest.fixture(scope="session")
def resources(template):
    return template["Resources"]


@pytest.fixture(scope="session")
def of_type(resources):
    """All resources of one type, by logical id."""
    return lambda kind: {name: r for name, r in resources.items() if r["Type"] == kind}


@pytest.fixture(scope="session")
def packages():
    """Packages of the workspace, by name."""
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps"]
    found = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)["packages"]
    return {p["name"]: p for p in found}

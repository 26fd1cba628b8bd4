"""The look for the jitter source sees it where it is."""

import subprocess

import pytest

from build import complaints


@pytest.fixture
def messages(tmp_path):
    """Cargo's message about a library of AWS-LC that holds these functions."""

    def make(*functions):
        (tmp_path / "a.c").write_text("".join(f"void {f}(void) {{}}\n" for f in functions))
        subprocess.run(["cc", "-c", "a.c"], cwd=tmp_path, check=True)
        subprocess.run(["ar", "rc", "libcrypto.a", "a.o"], cwd=tmp_path, check=True)
        return [{"reason": "build-script-executed", "package_id": "registry#aws-lc-sys@0.47.0", "out_dir": str(tmp_path)}]

    return make


def test_a_library_without_it_is_fine(messages):
    assert complaints(messages("aws_lc_RAND_bytes", "FIPS_is_entropy_cpu_jitter")) == []


def test_a_library_with_it_is_seen(messages):
    [only] = complaints(messages("aws_lc_RAND_bytes", "aws_lc_jent_entropy_init"))
    assert "1 symbols of the jitter source" in only


def test_looking_in_the_wrong_place_is_seen(messages):
    assert complaints([])
    assert complaints(messages("something_else"))

"""Builds the functions as they are deployed (the release profile) and looks at what is in them.

AWS-LC gathers CPU-jitter entropy unless it is built not to (`.cargo/config.toml`); in a small function that takes most of the
first request. The functions are stripped, so the place to look is the static library that they were linked from: cargo names
it while it builds, and code that is not in the library can't be in a function.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = sorted(p.parent.name for p in (ROOT / "functions").glob("*/Cargo.toml"))


def build():
    """Cargo's messages of a release build of every function."""
    command = ["cargo", "build", "--release", "--locked", "--message-format=json-render-diagnostics"]
    for function in FUNCTIONS:
        command += ["-p", function]
    run = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit("the release build failed")
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]


def symbols(library):
    return subprocess.run(["nm", "--defined-only", library], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def complaints(messages):
    """What is wrong with this build, in words."""
    outs = {Path(m["out_dir"]) for m in messages if m["reason"] == "build-script-executed" and "aws-lc" in m["package_id"]}
    libraries = sorted(library for out in outs for library in out.rglob("*.a"))
    found = [] if libraries else ["no static library of AWS-LC was found: is this check still looking at the right place?"]
    for library in libraries:
        names = symbols(library)
        if "RAND_bytes" not in names:
            found.append(f"{library.name} has no RAND_bytes: nm shows nothing useful")
        jitter = names.count("jent_")
        if jitter:
            found.append(f"{library.name} has {jitter} symbols of the jitter source: AWS_LC_SYS_NO_JITTER_ENTROPY was not set when it was built")
    return found


def executables(messages):
    made = {m["target"]["name"]: Path(m["executable"]) for m in messages if m["reason"] == "compiler-artifact" and m.get("executable")}
    return {function: made.get(function) for function in FUNCTIONS}


def main():
    messages = build()
    found = complaints(messages)
    for function, executable in executables(messages).items():
        if executable is None:
            found.append(f"no executable was built for {function}")
        else:
            print(f"{function:10} {executable.stat().st_size / 1e6:5.2f} MB")
            if b".symtab" in executable.read_bytes():
                found.append(f"{function} is not stripped")
    if found:
        sys.exit("\n".join(found))
    print("no function carries the jitter source")


if __name__ == "__main__":
    main()

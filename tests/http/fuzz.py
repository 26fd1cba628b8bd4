"""Starts the local stack and lets schemathesis compare what it answers with what its OpenAPI document says.

usage: fuzz.py CAIRN SCHEMATHESIS FOLDER
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

SEED = "20250309"
PATIENCE = 60  # seconds until the stack must be ready


def ready_url(stack, said):
    """The address from the line `ready URL` that the stack prints when it serves."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and stack.poll() is None:
        for line in said.read_text().splitlines(keepends=True):
            if line.startswith("ready ") and line.endswith("\n"):
                return line.split()[1].rstrip("/")
        time.sleep(0.1)
    sys.exit(f"the local stack did not say `ready URL` within {PATIENCE} s, or ended. It said:\n{said.read_text()[-2000:]}")


def open_account(url):
    """An API key of a fresh account's administrator."""
    body = {"name": "Fuzzed", "email": "fuzz@example.com", "time_zone": "Europe/Berlin", "person": "Fay Zimmer"}
    request = urllib.request.Request(f"{url}/local/accounts", json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["api_key"]


def main(cairn, schemathesis, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stack = None
    with open(folder / "stack.out", "wb") as out, open(folder / "stack.err", "wb") as err:
        try:
            stack = subprocess.Popen([cairn, "--memory", "--no-demo", "--port", "0"], cwd=folder, stdin=subprocess.DEVNULL,
                                     stdout=out, stderr=err)
            url = ready_url(stack, folder / "stack.out")
            key = open_account(url)
            run = subprocess.run(
                [schemathesis, "--no-color", "run", f"{url}/openapi.json", "-H", f"Authorization: Bearer {key}", "--max-examples", "25",
                 "--phases", "examples,coverage,fuzzing", "--exclude-path-regex", "^/local", "--seed", SEED, "--generation-database", "none"],
                cwd=folder, stdin=subprocess.DEVNULL)
            if run.returncode == 0 and stack.poll() is not None:
                sys.exit(f"the local stack ended by itself, with {stack.returncode}; see {folder}/stack.err")
            return run.returncode
        finally:
            if stack and stack.poll() is None:
                stack.terminate()
                try:
                    stack.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    stack.kill()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*(os.path.abspath(a) for a in sys.argv[1:])))

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

# Which ids go where: with them most requests reach something that is there. The rest of the time ids are made up.
IDS = {
    "clients": ["^/v1/clients/{id}"],
    "members": ["^/v1/members/{id}"],
    "companies": ["^/v1/companies/{id}"],
    "groups": ["^/v1/groups/{id}"],
    "items": ["^/v1/items/{id}"],
    "reports": ["^/v1/reports/{id}"],
    "runs": ["^/v1/runs/{id}"],
}
# A document can't say all that makes a request right: which cursor belongs to a list, which version is the latest, which
# key was used before, and the rules that bind several fields. So a request that fits the document may be refused, too,
# but only as one that is not right. And one that doesn't fit may be refused for an old version first.
# Asked for a link to sign in too often, the stack says so.
RIGHT_OR_REFUSED = ["2xx", 400, 401, 403, 404, 409, 412, 422, 429]
REFUSED = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429]


def ready_url(stack, said):
    """The address from the line `ready URL` that the stack prints when it serves."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and stack.poll() is None:
        for line in said.read_text().splitlines(keepends=True):
            if line.startswith("ready ") and line.endswith("\n"):
                return line.split()[1].rstrip("/")
        time.sleep(0.1)
    sys.exit(f"the local stack did not say `ready URL` within {PATIENCE} s, or ended. It said:\n{said.read_text()[-2000:]}")


def post(url, path, body, key=None):
    """What a POST of JSON answers."""
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(url + path, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def furnish(url):
    """A fresh account with something of every kind in it: the key of its administrator, and the ids by kind."""
    person = {"name": "Fuzzed", "email": "fuzz@example.com", "time_zone": "Europe/Berlin", "person": "Fay Zimmer"}
    opened = post(url, "/local/accounts", person)
    key = opened["api_key"]
    features = {"features": {"companies": True, "groups": True, "team_edition": True}}
    request = urllib.request.Request(f"{url}/v1/account", json.dumps(features).encode(), method="PATCH",
                                     headers={"content-type": "application/json", "authorization": f"Bearer {key}"})
    urllib.request.urlopen(request, timeout=30).close()

    def add(path, body):
        return post(url, path, body, key)["id"]

    ids = {"members": [opened["member_id"]]}
    ids["members"].append(add("/v1/members", {"name": "Cy Novak", "email": "cy@example.com", "coach": True}))
    ids["companies"] = [add("/v1/companies", {"name": "Acme"})]
    grants = {"name": "Pat Lee", "email": "pat@acme.example", "grants": ["metric", "action"]}
    add(f"/v1/companies/{ids['companies'][0]}/personnel", grants)
    ids["groups"] = [add("/v1/groups", {"name": "Leaders"})]
    ids["clients"] = [add("/v1/clients", {"first_name": f"Client {n}", "email": f"client{n}@example.com"}) for n in range(3)]
    kinds = [
        {"kind": "action", "title": "Call", "due_on": "2026-11-27"},
        {"kind": "metric", "title": "Sleep", "unit": "hours", "target": 7.5},
        {"kind": "worksheet", "title": "Values"},
        {"kind": "session_note", "title": "First session", "body": "We began."},
        {"kind": "appointment", "title": "Session", "starts_at": "2027-01-15T15:00:00Z", "minutes": 60},
        {"kind": "invoice", "title": "November", "amount": {"amount_minor": 12550, "currency": "EUR"}},
    ]
    ids["items"] = [add(f"/v1/clients/{client}/items", kind) for client in ids["clients"] for kind in kinds]
    report = {"scope": {"kind": "all"}, "kinds": ["action", "metric"], "schedule": {"every": "day", "at": "08:00"}}
    audiences = [{"kind": "coach"}, {"kind": "clients"}, {"kind": "third_parties", "emails": ["hr@acme.example"]}] * 3
    ids["reports"] = [add("/v1/reports", report | {"audience": audience}) for audience in audiences]
    ids["runs"] = [add(f"/v1/reports/{report}/send-now", {}) for report in ids["reports"][:3]]
    return key, ids


def configuration(ids):
    """What schemathesis is told, in TOML."""
    lines = ["[checks.positive_data_acceptance]", f"expected-statuses = {json.dumps(RIGHT_OR_REFUSED)}",
             "[checks.negative_data_rejection]", f"expected-statuses = {json.dumps(REFUSED)}"]
    for kind, values in ids.items():
        lines += [f"[dictionaries.{kind}]", f"values = {json.dumps(values)}"]
    for kind, paths in IDS.items():
        for path in paths:
            pattern = path.replace("{", "\\{").replace("}", "\\}")
            lines += ["[[operations]]", f"include-path-regex = '{pattern}'",
                      f"parameters = {{ 'path.id' = {{ dictionary = '{kind}', probability = 0.8 }} }}"]
    return "\n".join(lines) + "\n"


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
            key, ids = furnish(url)
            told = folder / "schemathesis.toml"
            told.write_text(configuration(ids))
            run = subprocess.run(
                [schemathesis, "--config-file", told, "--no-color", "run", f"{url}/openapi.json", "-H", f"Authorization: Bearer {key}", "--max-examples", "25",
                 "--phases", "examples,coverage,fuzzing", "--seed", SEED, "--generation-database", "none"],
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

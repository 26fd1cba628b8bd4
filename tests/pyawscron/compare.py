"""Holds our reading of the EventBridge expressions that we write against that of pyawscron 1.0.7.

Usage: python3 compare.py LINES, where LINES is what `cargo run -p domain --example expressions` printed. Fails on any
difference, and if fewer than 500 different expressions were compared.
"""

import json
import sys
from datetime import datetime, timedelta, timezone

from pyawscron import AWSCron

AT_LEAST = 500


def main(path):
    compared, firings, differences = set(), 0, 0
    with open(path, encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            expression, ours = line["expression"], [datetime.fromisoformat(instant.replace("Z", "+00:00")) for instant in line["fires"]]
            before = datetime.fromisoformat(line["from"]).replace(tzinfo=timezone.utc) - timedelta(minutes=1)
            fields = expression.removeprefix("cron(").removesuffix(")")
            theirs = AWSCron.get_next_n_schedule(len(ours), before, fields)
            compared.add(expression)
            firings += len(ours)
            if not ours or ours != theirs:
                differences += 1
                first = next(((a, b) for a, b in zip(ours, theirs) if a != b), None)
                print(f"{expression} from {line['from']}: (ours, theirs) = {first}", file=sys.stderr)
    print(f"{len(compared)} expressions, {firings} firings compared with pyawscron: {differences} differences")
    if len(compared) < AT_LEAST:
        sys.exit(f"only {len(compared)} expressions; at least {AT_LEAST} must be compared")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])

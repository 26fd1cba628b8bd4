"""Deploys the template, with functions built for this machine, onto an emulator of AWS, and asks the API for its document.

usage: deploy.py EMULATOR BINARIES FOLDER

It shows that the stack's resources fit together and that a request finds its way through the gateway into the binary. What the
emulator can't do (filters of pipes, zones of schedules, mail) is tested elsewhere.
"""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = {"MailDomain": "mail.example.com", "MailFrom": "reports@mail.example.com"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(emulator, port, folder):
    """The emulator, on loopback only, with all that it writes under `folder`."""
    for name in ("tmp", "state"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    own = {
        "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "IOT_MTLS_ENABLED": "0",
        "TMPDIR": str(folder / "tmp"), "STATE_DIR": str(folder / "state"),
    }
    with open(folder / "emulator.log", "wb") as log:
        return subprocess.Popen([emulator], cwd=folder, env=os.environ | own, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def await_port(process, port, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    sys.exit("the emulator did not start")


def template_with_code():
    """The template, each function pointing at its own zip. The emulator makes no DKIM records, so these outputs go."""
    text = (ROOT / "infra" / "template.yaml").read_text().replace("    CodeUri: ..\n", "")
    text = re.sub(r"  DkimRecord\d:\n(?:    .*\n)+", "", text)
    return re.sub(r"(BuildProperties: \{ Binary: (\w+) \}\n    Properties:\n)", r"\1      CodeUri: s3://code-bucket/\2.zip\n", text)


def zipped(executable):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as z:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o100755 << 16
        z.writestr(entry, executable.read_bytes())
    return file.getvalue()


def check(client, port, binaries):
    """Deploys, and returns what is wrong, in words."""
    s3 = client("s3")
    s3.create_bucket(Bucket="code-bucket")
    functions = sorted(p.parent.name for p in (ROOT / "functions").glob("*/Cargo.toml"))
    for function in functions:
        s3.put_object(Bucket="code-bucket", Key=f"{function}.zip", Body=zipped(binaries / function))
    # as SAM does: in a request a template may have 51,200 bytes, from a bucket a million
    s3.put_object(Bucket="code-bucket", Key="template.yaml", Body=template_with_code().encode())
    formation = client("cloudformation")
    formation.create_stack(
        StackName="cairn", TemplateURL=f"http://127.0.0.1:{port}/code-bucket/template.yaml", Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in PARAMETERS.items()])
    for _ in range(120):
        stack = formation.describe_stacks(StackName="cairn")["Stacks"][0]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            break
        time.sleep(0.5)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        events = formation.describe_stack_events(StackName="cairn")["StackEvents"]
        return [f"{stack['StackStatus']} {stack.get('StackStatusReason', '')}"] + [
            f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason')}" for e in events if "FAILED" in e["ResourceStatus"]]
    print(f"{len(formation.describe_stack_resources(StackName='cairn')['StackResources'])} resources were made")
    wrong = []
    deployed = client("lambda").list_functions()["Functions"]
    if len(deployed) != len(functions):
        wrong.append(f"{len(deployed)} functions were made of {len(functions)}")
    mappings = client("lambda").list_event_source_mappings()["EventSourceMappings"]
    if len(mappings) != 4:
        wrong.append(f"{len(mappings)} queues have a function behind them, not 4")
    output = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
    table = client("dynamodb").describe_table(TableName=output["TableName"])["Table"]
    if [i["IndexName"] for i in table["GlobalSecondaryIndexes"]] != ["gsi1", "gsi2", "gsi3"]:
        wrong.append("the table has other indexes")
    api = re.match(r"https://(\w+)\.", output["ApiUrl"])[1]
    request = urllib.request.Request(f"http://127.0.0.1:{port}/openapi.json", headers={"host": f"{api}.execute-api.localhost:{port}"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            if not json.load(answer).get("openapi", "").startswith("3.1"):
                wrong.append("the API's document is not OpenAPI 3.1")
    except (urllib.error.URLError, ValueError) as error:
        wrong.append(f"the API does not answer through the gateway: {error}")
    return wrong


def main(emulator, binaries, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    port = free_port()

    def client(service):
        return boto3.client(service, endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id="test",
                            aws_secret_access_key="test", config=Config(retries={"max_attempts": 0}, read_timeout=60))

    process = start(emulator, port, folder)
    try:
        await_port(process, port)
        wrong = check(client, port, Path(binaries))
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
    if wrong:
        sys.exit("\n".join(wrong) + f"\nsee {folder}/emulator.log")
    print("the stack deploys, and the API answers through it")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*(os.path.abspath(a) for a in sys.argv[1:]))

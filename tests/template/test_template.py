"""What the template must hold beyond being valid."""

import fnmatch
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT, lint, transformed_from

SETTINGS = {
    "CAIRN_ADMIN_EMAIL", "CAIRN_ALLOW_SIGN_UP", "CAIRN_BUCKET", "CAIRN_CONFIGURATION_SET", "CAIRN_MAIL_FROM", "CAIRN_PUBLIC_URL",
    "CAIRN_REPLY_DOMAIN", "CAIRN_RUNS_QUEUE_ARN", "CAIRN_SCHEDULER_ROLE_ARN", "CAIRN_SCHEDULE_DLQ_ARN", "CAIRN_SCHEDULE_GROUP", "CAIRN_TABLE",
}

# Where a policy says `*`, and why nothing narrower exists.
ANY_RESOURCE = {
    ("OutboxRole", "dynamodb:ListStreams"): "IAM knows no resource for this action; EventBridge Pipes asks for it",
    ("ReconcileRole", "scheduler:ListSchedules"): "IAM knows no resource for this action; it lists names only",
}

# Services whose actions each function's role may hold. Who uses no queue has no sqs, who sends no mail has no ses, who reads
# and writes no files has no s3.
SERVICES = {
    "ApiRole": {"logs", "dynamodb", "scheduler", "iam", "s3"},
    "ReportRole": {"logs", "dynamodb", "scheduler", "sqs"},
    "SendRole": {"logs", "dynamodb", "sqs", "ses"},
    "FeedbackRole": {"logs", "dynamodb", "sqs"},
    "ReconcileRole": {"logs", "dynamodb", "scheduler", "iam"},
    "SweepRole": {"logs", "dynamodb"},
    "InboundRole": {"logs", "dynamodb", "sqs", "s3"},
    "ExportRole": {"logs", "dynamodb", "sqs", "s3", "scheduler", "iam"},
    "OutboxRole": {"dynamodb", "sqs"},
    "SchedulerRole": {"sqs"},
}


def as_list(value):
    return value if isinstance(value, list) else [value]


def arn_of(value):
    """The logical id that `!GetAtt X.Arn` names."""
    return value["Fn::GetAtt"][0]


def binary_of(function):
    return function["Metadata"]["BuildProperties"]["Binary"]


def statements(role):
    for policy in role["Properties"]["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


# ---- Linters ----


def test_cfn_lint_finds_nothing_in_what_cloudformation_gets(template, tmp_path):
    assert lint(template, tmp_path) == []


def test_sam_accepts_the_template():
    sam = Path(sys.executable).parent / "sam"
    quiet = os.environ | {"SAM_CLI_TELEMETRY": "0"}
    run = subprocess.run([sam, "validate", "--lint"], cwd=ROOT, env=quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("right, wrong, rule", [
    ("Runtime: provided.al2023", "Runtime: provided.al2024", "E2531|E3030"),
    ("!GetAtt SchedulerRole.Arn", "!GetAtt SchedulerRole.Ar", "E1010"),
    ("!Ref ScheduleGroup", "!Ref ScheduleGruop", "E1020"),
    ("dynamodb:BatchGetItem", "dynamodb:BatchGteItem", "W3037"),
    ("VisibilityTimeout: 180", "VisibilityTimeout: 20", "E3505"),
])
def test_the_linter_sees_a_planted_mistake(text, tmp_path, right, wrong, rule):
    assert right in text
    found = {f[0] for f in lint(transformed_from(text.replace(right, wrong, 1)), tmp_path)}
    assert any(re.fullmatch(rule, f) for f in found), found


# ---- Functions ----


def test_every_function_is_a_package_with_a_binary_of_its_name(source, packages):
    for name, function in source["Resources"].items():
        if function["Type"] == "AWS::Serverless::Function":
            binary = binary_of(function)
            assert name == f"{binary.capitalize()}Function"
            assert binary in packages, f"{name} is built from a package that does not exist: {binary}"
            targets = [t["name"] for t in packages[binary]["targets"] if "bin" in t["kind"]]
            assert binary in targets, f"package {binary} has no binary {binary}"


def test_every_package_under_functions_is_deployed(source, packages):
    here = {n for n, p in packages.items() if Path(p["manifest_path"]).parent.parent == ROOT / "functions"}
    deployed = {binary_of(r) for r in source["Resources"].values() if r["Type"] == "AWS::Serverless::Function"}
    assert here == deployed


def test_every_function_has_a_sample_event(source):
    deployed = {binary_of(r) for r in source["Resources"].values() if r["Type"] == "AWS::Serverless::Function"}
    assert {p.stem for p in (ROOT / "events").glob("*.json")} >= deployed
    for path in (ROOT / "events").glob("*.json"):
        for record in json.loads(path.read_text()).get("Records", []):
            if record["eventSource"] == "aws:sqs":
                assert isinstance(json.loads(record["body"]), dict)


@pytest.mark.parametrize("sample, pipe", [("send", "Outbox"), ("export", "ExportOutbox")])
def test_the_sample_of_what_is_due_is_one_that_the_pipe_lets_through(resources, sample, pipe):
    [record] = json.loads((ROOT / "events" / f"{sample}.json").read_text())["Records"]
    image = json.loads(record["body"])["dynamodb"]["NewImage"]
    [only] = resources[pipe]["Properties"]["SourceParameters"]["FilterCriteria"]["Filters"]
    for name, wanted in json.loads(only["Pattern"])["dynamodb"]["NewImage"].items():
        assert image[name]["S"] in wanted["S"]


def test_every_function_is_built_alike_and_bounded(source, of_type):
    for function in source["Resources"].values():
        if function["Type"] == "AWS::Serverless::Function":
            assert function["Metadata"]["BuildMethod"] == "rust-cargolambda"
    for name, function in of_type("AWS::Lambda::Function").items():
        properties = function["Properties"]
        assert properties["Architectures"] == ["arm64"], name
        assert properties["Runtime"] == "provided.al2023", name
        assert 256 <= properties["MemorySize"] <= 512, name
        # a whole account takes longer than anything else
        assert properties["Timeout"] <= (900 if name == "ExportFunction" else 300), name


def test_every_function_gets_every_setting_and_no_other(of_type):
    for name, function in of_type("AWS::Lambda::Function").items():
        assert set(function["Properties"]["Environment"]["Variables"]) == SETTINGS, name


def test_every_setting_that_the_code_reads_is_given():
    read = set()
    for folder in ("shared", "functions"):
        for path in (ROOT / folder).rglob("src/**/*.rs"):
            read |= set(re.findall(r'"(CAIRN_[A-Z_]+)"', path.read_text()))
    assert {name for name in read if not name.startswith("CAIRN_TEST_")} <= SETTINGS


def test_who_sends_a_mail_is_dead_before_anyone_else_may_claim_it(resources):
    rust = (ROOT / "shared" / "domain" / "src" / "delivery.rs").read_text()
    [lease] = re.findall(r"pub const LEASE: Duration = Duration::seconds\((\d+)\);", rust)
    assert resources["SendFunction"]["Properties"]["Timeout"] < int(lease)


def test_who_writes_an_export_is_dead_before_anyone_else_may_take_it_on(resources):
    rust = (ROOT / "shared" / "domain" / "src" / "export.rs").read_text()
    [lease] = re.findall(r"pub const LEASE: Duration = Duration::seconds\((\d+)\);", rust)
    assert resources["ExportFunction"]["Properties"]["Timeout"] < int(lease)


def test_an_export_is_kept_for_as_long_as_the_code_says(resources):
    rust = (ROOT / "shared" / "domain" / "src" / "export.rs").read_text()
    [days] = re.findall(r"pub const KEPT_FOR: Duration = Duration::days\((\d+)\);", rust)
    [rule] = [r for r in resources["Files"]["Properties"]["LifecycleConfiguration"]["Rules"] if r.get("Prefix") == "exports/"]
    assert rule["Status"] == "Enabled" and rule["ExpirationInDays"] == int(days)
    assert '"exports/{account}' in (ROOT / "shared" / "platform" / "src" / "files.rs").read_text()


def test_every_function_logs_into_a_group_that_forgets(of_type, resources):
    for name, function in of_type("AWS::Lambda::Function").items():
        group = function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
        assert resources[group]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name


# ---- Queues ----


def test_a_message_stays_invisible_for_six_times_its_functions_timeout(of_type, resources):
    mappings = of_type("AWS::Lambda::EventSourceMapping")
    assert len(mappings) == 4
    for name, mapping in mappings.items():
        properties = mapping["Properties"]
        timeout = resources[properties["FunctionName"]["Ref"]]["Properties"]["Timeout"]
        visible = resources[arn_of(properties["EventSourceArn"])]["Properties"]["VisibilityTimeout"]
        assert visible >= 6 * timeout + properties.get("MaximumBatchingWindowInSeconds", 0), name


def test_one_bad_message_does_not_take_its_batch_along(of_type):
    for name, mapping in of_type("AWS::Lambda::EventSourceMapping").items():
        assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        assert mapping["Properties"]["ScalingConfig"]["MaximumConcurrency"], name


def test_every_queue_has_a_dead_letter_queue_or_is_one_that_is_watched(of_type):
    queues = of_type("AWS::SQS::Queue")
    watched = {
        alarm["Properties"]["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["MetricName"] == "ApproximateNumberOfMessagesVisible"
    }
    for name, queue in queues.items():
        properties = queue["Properties"]
        assert properties["SqsManagedSseEnabled"] is True, name
        if "RedrivePolicy" in properties:
            target = arn_of(properties["RedrivePolicy"]["deadLetterTargetArn"])
            assert target == f"{name}DeadLetters" and target in queues
            assert properties["RedrivePolicy"]["maxReceiveCount"] == 5, name
        else:
            assert name.endswith("DeadLetters") and name in watched, f"{name} loses what fails, unseen"
            assert properties["MessageRetentionPeriod"] == 14 * 24 * 3600, name


def test_runs_wait_until_requests_in_flight_have_committed(resources):
    assert resources["Runs"]["Properties"]["DelaySeconds"] == 15


@pytest.mark.parametrize("name, kind, state, queue", [("Outbox", ["delivery"], "due", "Deliveries"), ("ExportOutbox", ["export", "import"], "queued", "Exports")])
def test_only_what_is_due_goes_through_a_pipe(resources, name, kind, state, queue):
    pipe = resources[name]["Properties"]
    [only] = pipe["SourceParameters"]["FilterCriteria"]["Filters"]
    assert json.loads(only["Pattern"]) == {"dynamodb": {"NewImage": {"type": {"S": kind}, "state": {"S": [state]}}}}
    assert arn_of(pipe["Target"]) == queue
    assert arn_of(pipe["SourceParameters"]["DynamoDBStreamParameters"]["DeadLetterConfig"]["Arn"]) == "OutboxDeadLetters"
    assert pipe["SourceParameters"]["DynamoDBStreamParameters"]["StartingPosition"] == "TRIM_HORIZON"


# ---- Rights ----


def test_no_policy_says_everything(of_type):
    used = set()
    for name, role in of_type("AWS::IAM::Role").items():
        assert "ManagedPolicyArns" not in role["Properties"], f"{name}: managed policies grant more than is needed"
        for statement in statements(role):
            for action in as_list(statement["Action"]):
                assert "*" not in action, f"{name} may {action}"
                for resource in as_list(statement["Resource"]):
                    if resource == "*":
                        assert (name, action) in ANY_RESOURCE, f"{name} may {action} on anything"
                        used.add((name, action))
    assert used == set(ANY_RESOURCE), "an exception that nothing needs any more"


def test_every_role_holds_only_the_services_it_needs(of_type):
    roles = of_type("AWS::IAM::Role")
    assert set(roles) == set(SERVICES)
    for name, role in roles.items():
        assert {a.split(":")[0] for s in statements(role) for a in as_list(s["Action"])} == SERVICES[name], name


def test_only_the_scheduler_can_be_handed_a_role_and_only_its_own(of_type):
    for name, role in of_type("AWS::IAM::Role").items():
        for statement in statements(role):
            if "iam:PassRole" in as_list(statement["Action"]):
                assert arn_of(statement["Resource"]) == "SchedulerRole", name
                assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}, name


def test_each_function_reads_its_own_queue_and_logs_into_its_own_group(of_type):
    queue_of = {"ReportRole": "Runs", "SendRole": "Deliveries", "FeedbackRole": "Feedback", "ExportRole": "Exports"}
    for name, role in of_type("AWS::IAM::Role").items():
        for statement in statements(role):
            actions = as_list(statement["Action"])
            if "sqs:ReceiveMessage" in actions:
                assert arn_of(statement["Resource"]) == queue_of[name]
            if "logs:PutLogEvents" in actions:
                assert arn_of(statement["Resource"]) == name.replace("Role", "Logs")


def test_mail_goes_out_only_from_the_one_address(of_type):
    senders = [(n, s) for n, r in of_type("AWS::IAM::Role").items() for s in statements(r) if any(a.startswith("ses:") for a in as_list(s["Action"]))]
    [(name, statement)] = senders
    assert name == "SendRole"
    assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": {"Ref": "MailFrom"}}}
    assert all(fnmatch.fnmatch(json.dumps(r), "*identity/${MailIdentity}*") or "configuration-set/${ConfigurationSet}" in json.dumps(r)
               for r in statement["Resource"])


# ---- Mail, files, HTTP ----


def test_what_became_of_a_mail_comes_back(resources):
    events = resources["MailEvents"]["Properties"]["EventDestination"]
    assert set(events["MatchingEventTypes"]) == {"SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT"}
    [target] = resources["MailEventsRule"]["Properties"]["Targets"]
    assert arn_of(target["Arn"]) == "Feedback"
    assert resources["ConfigurationSet"]["Properties"]["SuppressionOptions"] == {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]}


def test_what_cannot_be_made_again_outlives_the_stack(resources):
    for name in ("Table", "Files"):
        assert resources[name]["DeletionPolicy"] == resources[name]["UpdateReplacePolicy"] == "Retain"
    table = resources["Table"]["Properties"]
    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}


def test_files_are_private_and_travel_over_tls(resources):
    assert set(resources["Files"]["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert "VersioningConfiguration" not in resources["Files"]["Properties"]
    statements = resources["FilesPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    [denied] = [s for s in statements if s["Effect"] == "Deny"]
    assert denied["Principal"] == "*" and denied["Condition"] == {"Bool": {"aws:SecureTransport": False}}


def files_that(role, action):
    """The parts of the bucket on which a role may do something."""
    def part(resource, condition):
        # listing is allowed on the bucket, and narrowed to a part of it by a condition
        if "Fn::Sub" in resource:
            return [resource["Fn::Sub"]]
        return ["${Files.Arn}/" + prefix for prefix in as_list(condition["StringLike"]["s3:prefix"])]

    return [p for s in statements(role) if action in as_list(s["Action"]) for r in as_list(s["Resource"]) for p in part(r, s.get("Condition"))]


def test_a_role_reads_and_writes_only_the_files_it_works_with(of_type):
    may = {(name, action): files_that(role, action) for name, role in of_type("AWS::IAM::Role").items()
           for s in statements(role) for action in as_list(s["Action"]) if action.startswith("s3:")}
    assert may == {
        ("ApiRole", "s3:DeleteObject"): ["${Files.Arn}/files/*", "${Files.Arn}/uploads/*"],
        ("ApiRole", "s3:GetObject"): ["${Files.Arn}/exports/*", "${Files.Arn}/files/*", "${Files.Arn}/imports/*", "${Files.Arn}/inbound/*", "${Files.Arn}/uploads/*"],
        ("ApiRole", "s3:ListBucket"): ["${Files.Arn}/inbound/*", "${Files.Arn}/uploads/*"],
        ("ApiRole", "s3:PutObject"): ["${Files.Arn}/files/*", "${Files.Arn}/imports/*", "${Files.Arn}/uploads/*"],
        ("ExportRole", "s3:AbortMultipartUpload"): ["${Files.Arn}/exports/*"],
        ("ExportRole", "s3:DeleteObject"): ["${Files.Arn}/exports/*"],
        ("ExportRole", "s3:GetObject"): ["${Files.Arn}/imports/*"],
        ("ExportRole", "s3:ListBucket"): ["${Files.Arn}/imports/*"],
        ("ExportRole", "s3:PutObject"): ["${Files.Arn}/exports/*"],
        ("InboundRole", "s3:GetObject"): ["${Files.Arn}/inbound/*"],
        ("InboundRole", "s3:ListBucket"): ["${Files.Arn}/inbound/*"],
        ("InboundRole", "s3:PutObject"): ["${Files.Arn}/files/*"],
    }


def test_every_route_leads_to_the_function_and_the_access_log_holds_no_secret(of_type, resources):
    routes = of_type("AWS::ApiGatewayV2::Route").values()
    assert {r["Properties"]["RouteKey"] for r in routes} >= {"$default", "GET /health"}
    assert all(r["Properties"]["Target"] == {"Fn::Sub": "integrations/${GatewayIntegration}"} for r in routes)
    stage = resources["GatewayStage"]["Properties"]
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] and stage["DefaultRouteSettings"]["ThrottlingBurstLimit"]
    logged = json.loads(stage["AccessLogSettings"]["Format"])
    for secret in ("$context.path", "queryString", "sourceIp", "header", "protocol"):
        assert secret not in json.dumps(logged)


def test_who_sweeps_reads_the_due_index_and_the_calendar_and_no_other(resources):
    indexes = [s["Resource"] for s in statements(resources["SweepRole"]) if "/index/" in json.dumps(s["Resource"])]
    read = {index["Fn::Sub"] for resource in indexes for index in as_list(resource)}
    assert read == {"${Table.Arn}/index/gsi2", "${Table.Arn}/index/gsi3"}


def test_the_weekly_check_asks_for_what_its_sample_asks_for(source):
    events = source["Resources"]["ReconcileFunction"]["Properties"]["Events"]
    assert json.loads(events["EveryWeek"]["Properties"]["Input"]) == json.loads((ROOT / "events" / "reconcile-check.json").read_text())


# ---- Mail that comes in ----

RULE = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:receipt-rule-set/${AWS::StackName}:receipt-rule/comments"


def test_nothing_is_wrong_with_the_receiving_stack(receiving, tmp_path):
    assert lint(receiving, tmp_path) == []


def test_a_mail_is_searched_for_spam_and_viruses_and_lies_in_the_bucket_before_the_function_is_called(receiving):
    rule = receiving["Resources"]["Comments"]["Properties"]["Rule"]
    assert rule["Enabled"] is True and rule["ScanEnabled"] is True
    assert rule["Recipients"] == [{"Fn::ImportValue": {"Fn::Sub": "${Stack}-ReplyDomain"}}]
    [[first, s3], [second, function]] = [list(action.items())[0] for action in rule["Actions"]]
    assert (first, second) == ("S3Action", "LambdaAction")
    rust = (ROOT / "shared" / "platform" / "src" / "files.rs").read_text()
    assert re.findall(r'pub const INBOUND: &str = "(.+)";', rust) == [s3["ObjectKeyPrefix"]] == ["inbound/"]
    assert function["InvocationType"] == "Event"


def test_only_the_one_rule_of_the_receiving_stack_may_write_mail_and_call_the_function(receiving, resources):
    names = receiving["Resources"]["Rules"]["Properties"]["RuleSetName"], receiving["Resources"]["Comments"]["Properties"]["Rule"]["Name"]
    assert names == ({"Ref": "Stack"}, "comments")
    [allowed] = [s for s in resources["FilesPolicy"]["Properties"]["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "ses.amazonaws.com"} and allowed["Action"] == "s3:PutObject"
    assert allowed["Resource"] == {"Fn::Sub": "${Files.Arn}/inbound/*"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}, "aws:SourceArn": {"Fn::Sub": RULE}}}
    permission = resources["InboundPermission"]["Properties"]
    assert (permission["Principal"], permission["SourceAccount"], permission["SourceArn"]) == (
        "ses.amazonaws.com", {"Ref": "AWS::AccountId"}, {"Fn::Sub": RULE})


def test_what_the_receiving_stack_imports_is_what_the_stack_exports(receiving, template):
    exported = {output["Export"]["Name"]["Fn::Sub"].replace("AWS::StackName", "Stack") for output in template["Outputs"].values() if "Export" in output}
    imported = set(re.findall(r'"Fn::ImportValue": \{"Fn::Sub": "([^"]+)"', json.dumps(receiving)))
    assert imported == exported


def test_mail_that_fails_is_tried_twice_more_and_then_kept(of_type, resources):
    [config] = [c for c in of_type("AWS::Lambda::EventInvokeConfig").values() if c["Properties"]["FunctionName"] == {"Ref": "InboundFunction"}]
    assert config["Properties"]["MaximumRetryAttempts"] == 2
    assert arn_of(config["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]) == "InboundDeadLetters"
    [sends] = [s for s in statements(resources["InboundRole"]) if "sqs:SendMessage" in as_list(s["Action"])]
    assert arn_of(sends["Resource"]) == "InboundDeadLetters"


def test_mail_is_kept_for_as_long_as_the_code_says(resources):
    rust = (ROOT / "shared" / "domain" / "src" / "inbound.rs").read_text()
    [days] = re.findall(r"pub const ORIGINAL_KEPT_FOR: Duration = Duration::days\((\d+)\);", rust)
    [rule] = [r for r in resources["Files"]["Properties"]["LifecycleConfiguration"]["Rules"] if r.get("Prefix") == "inbound/"]
    assert rule["Status"] == "Enabled" and rule["ExpirationInDays"] == int(days)


def test_refusals_are_counted_by_reason_from_the_line_that_the_function_logs(of_type):
    rust = (ROOT / "functions" / "inbound" / "src" / "lib.rs").read_text()
    [fields, message] = re.findall(r'tracing::info!\((.+), "(.+)"\);', rust)[0]
    logged = {field.split(" = ")[0] for field in fields.split(", ")}
    patterns = {}
    for properties in (f["Properties"] for f in of_type("AWS::Logs::MetricFilter").values()):
        assert properties["LogGroupName"] == {"Ref": "InboundLogs"}
        [counted] = properties["MetricTransformations"]
        [dimension] = counted["Dimensions"]
        assert dimension["Value"] == f"$.fields.{dimension['Key']}"
        patterns[dimension["Key"]] = properties["FilterPattern"]
    says = f'$.fields.message = "{message}"'
    assert patterns == {"became": f"{{ {says} }}", "reason": f'{{ ({says}) && ($.fields.reason != "") }}'}
    assert set(patterns) == logged


def test_routes_stand_for_themselves(source):
    kinds = {r["Type"] for r in source["Resources"].values()}
    assert "AWS::Serverless::HttpApi" not in kinds
    assert not any(k.startswith("AWS::SES::Receipt") for k in kinds)


def test_nothing_sends_a_function_to_a_local_endpoint(text):
    assert "AWS_ENDPOINT" not in text


# ---- Alarms ----


def test_every_function_and_every_queue_that_is_read_is_watched(of_type):
    seen = {(a["Properties"]["MetricName"], json.dumps(a["Properties"]["Dimensions"][0]["Value"])) for a in of_type("AWS::CloudWatch::Alarm").values()}
    for name in of_type("AWS::Lambda::Function"):
        assert ("Errors", json.dumps({"Ref": name})) in seen
    for name in ("Runs", "Deliveries", "Exports"):
        assert ("ApproximateAgeOfOldestMessage", json.dumps({"Fn::GetAtt": [name, "QueueName"]})) in seen
    for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}], name

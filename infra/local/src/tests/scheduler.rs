use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::operation::create_schedule::builders::CreateScheduleFluentBuilder;
use aws_sdk_scheduler::types::{ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, ScheduleState, Target};

use super::{Wires, time};
use crate::scheduler::Firing;

const START: &str = "2026-03-07T00:00:00Z";
const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:runs";
const ROLE: &str = "arn:aws:iam::000000000000:role/scheduler";
const INPUT: &str = r#"{"scheduled_at":"<aws.scheduler.scheduled-time>","attempt":"<aws.scheduler.attempt-number>"}"#;

fn off() -> FlexibleTimeWindow {
    FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().unwrap()
}

fn target() -> Target {
    Target::builder().arn(QUEUE).role_arn(ROLE).input(INPUT).build().unwrap()
}

fn create(client: &Client, name: &str, expression: &str) -> CreateScheduleFluentBuilder {
    client.create_schedule().name(name).schedule_expression(expression).flexible_time_window(off()).target(target())
}

fn times(firings: &[Firing]) -> Vec<String> {
    firings.iter().map(|firing| format!("{} {}", firing.schedule, firing.scheduled_at.format("%m-%dT%H:%M"))).collect()
}

async fn code(request: CreateScheduleFluentBuilder) -> String {
    request.send().await.unwrap_err().into_service_error().meta().code().unwrap().to_owned()
}

#[tokio::test]
async fn a_schedule_is_made_read_replaced_listed_and_deleted() {
    let wires = Wires::in_memory(START).await;
    let client = Client::new(&wires.config);
    client.create_schedule_group().name("cairn").send().await.unwrap();
    let made = create(&client, "r-1", "cron(0 8 1 * ? *)").group_name("cairn").schedule_expression_timezone("Europe/Berlin").send().await;
    assert_eq!(made.unwrap().schedule_arn(), "arn:aws:scheduler:us-east-1:000000000000:schedule/cairn/r-1");

    let read = client.get_schedule().name("r-1").group_name("cairn").send().await.unwrap();
    assert_eq!(read.schedule_expression_timezone(), Some("Europe/Berlin"));
    assert_eq!(read.target().and_then(Target::input), Some(INPUT));
    assert_eq!(read.state(), Some(&ScheduleState::Enabled));
    assert_eq!(read.creation_date().unwrap().secs() / 60, time(START).timestamp() / 60);

    let update = client.update_schedule().name("r-1").group_name("cairn").schedule_expression("cron(0 9 1 * ? *)");
    update.flexible_time_window(off()).target(target()).send().await.unwrap();
    let read = client.get_schedule().name("r-1").group_name("cairn").send().await.unwrap();
    assert_eq!((read.schedule_expression(), read.schedule_expression_timezone()), (Some("cron(0 9 1 * ? *)"), Some("UTC")));

    for name in ["r-2", "r-3", "a-1"] {
        create(&client, name, "rate(1 day)").group_name("cairn").send().await.unwrap();
    }
    let first = client.list_schedules().group_name("cairn").name_prefix("r-").max_results(2).send().await.unwrap();
    let second = client.list_schedules().group_name("cairn").name_prefix("r-").max_results(2).next_token(first.next_token().unwrap());
    let second = second.send().await.unwrap();
    let names: Vec<&str> = first.schedules().iter().chain(second.schedules()).filter_map(|schedule| schedule.name()).collect();
    assert_eq!((names, second.next_token()), (vec!["r-1", "r-2", "r-3"], None));

    client.delete_schedule().name("r-1").group_name("cairn").send().await.unwrap();
    let gone = client.get_schedule().name("r-1").group_name("cairn").send().await.unwrap_err().into_service_error();
    assert!(gone.is_resource_not_found_exception());
    let gone = client.delete_schedule().name("r-1").group_name("cairn").send().await.unwrap_err().into_service_error();
    assert!(gone.is_resource_not_found_exception());
    let update = client.update_schedule().name("r-1").schedule_expression("rate(1 day)").flexible_time_window(off()).target(target());
    assert!(update.send().await.unwrap_err().into_service_error().is_resource_not_found_exception());
    assert!(client.get_schedule_group().name("nothing").send().await.unwrap_err().into_service_error().is_resource_not_found_exception());
    assert_eq!(wires.scheduler.count(), 3);
}

#[tokio::test]
async fn a_name_is_taken_once_but_the_same_request_may_come_again() {
    let wires = Wires::in_memory(START).await;
    let client = Client::new(&wires.config);
    create(&client, "r-1", "rate(1 day)").client_token("one").send().await.unwrap();
    create(&client, "r-1", "rate(1 day)").client_token("one").send().await.unwrap();
    assert_eq!(code(create(&client, "r-1", "rate(2 days)").client_token("one")).await, "ConflictException");
    assert_eq!(code(create(&client, "r-1", "rate(1 day)").client_token("two")).await, "ConflictException");
    let group = client.create_schedule_group().name("default").send().await.unwrap_err();
    assert!(group.into_service_error().is_conflict_exception());
}

#[tokio::test]
async fn what_aws_would_refuse_is_refused() {
    let wires = Wires::in_memory(START).await;
    let client = Client::new(&wires.config);
    let daily = |name: &str| create(&client, name, "cron(0 8 * * ? *)");
    let window = |mode, minutes| FlexibleTimeWindow::builder().mode(mode).set_maximum_window_in_minutes(minutes).build().unwrap();
    let to = |arn: &str, role: &str| Target::builder().arn(arn).role_arn(role).build().unwrap();
    let refused = [
        ("five fields", create(&client, "x", "cron(0 8 * * *)")),
        ("no expression", client.create_schedule().name("x").flexible_time_window(off()).target(target())),
        ("zone", daily("x").schedule_expression_timezone("Mars/Phobos")),
        ("name", daily("a/b")),
        ("long name", daily(&"x".repeat(65))),
        ("no window", client.create_schedule().name("x").schedule_expression("rate(1 day)").target(target())),
        ("flexible without minutes", daily("x").flexible_time_window(window(FlexibleTimeWindowMode::Flexible, None))),
        ("too flexible", daily("x").flexible_time_window(window(FlexibleTimeWindowMode::Flexible, Some(1441)))),
        ("off with minutes", daily("x").flexible_time_window(window(FlexibleTimeWindowMode::Off, Some(5)))),
        ("no target", client.create_schedule().name("x").schedule_expression("rate(1 day)").flexible_time_window(off())),
        ("target", daily("x").target(to("runs", ROLE))),
        ("role", daily("x").target(to(QUEUE, "scheduler"))),
        ("state", daily("x").state(ScheduleState::from("PAUSED"))),
        ("start", daily("x").start_date(aws_sdk_scheduler::primitives::DateTime::from_secs(time(START).timestamp() - 400))),
    ];
    for (what, request) in refused {
        assert_eq!(code(request).await, "ValidationException", "{what}");
    }
    assert_eq!(code(daily("x").group_name("nothing")).await, "ResourceNotFoundException");
    assert_eq!(wires.scheduler.count(), 0);
}

#[tokio::test]
async fn schedules_fire_in_order_at_their_local_times_over_both_shifts() {
    let wires = Wires::in_memory(START).await;
    let client = Client::new(&wires.config);
    let new_york = "America/New_York";
    create(&client, "gap", "cron(30 2 ? * SAT-MON *)").schedule_expression_timezone(new_york).send().await.unwrap();
    create(&client, "noon", "cron(0 12 ? * SUN *)").schedule_expression_timezone(new_york).send().await.unwrap();
    create(&client, "once", "at(2026-03-08T03:00:00)").schedule_expression_timezone(new_york).send().await.unwrap();
    assert_eq!(wires.scheduler.next_firing(time(START)), Some(time("2026-03-07T07:30:00Z")));
    let fired = wires.scheduler.fire_until(time("2026-03-10T00:00:00Z")).unwrap();
    assert_eq!(times(&fired), ["gap 03-07T07:30", "once 03-08T07:00", "noon 03-08T16:00", "gap 03-09T06:30"]);
    assert_eq!(fired[1].input, r#"{"scheduled_at":"2026-03-08T07:00:00Z","attempt":"1"}"#);
    assert_eq!(fired[1].target_arn, QUEUE);

    wires.clock.set(time("2026-10-31T12:00:00Z")).unwrap();
    wires.scheduler.skip_until(wires.clock.now()).unwrap();
    create(&client, "overlap", "cron(30 1 * * ? *)").schedule_expression_timezone(new_york).send().await.unwrap();
    let fired = wires.scheduler.fire_until(time("2026-11-02T07:00:00Z")).unwrap();
    assert_eq!(
        times(&fired),
        ["gap 10-31T06:30", "overlap 11-01T05:30", "gap 11-01T07:30", "noon 11-01T17:00", "overlap 11-02T06:30"][1..]
    );
}

#[tokio::test]
async fn a_finished_schedule_stays_or_goes_as_asked_and_a_disabled_one_is_silent() {
    let wires = Wires::in_memory(START).await;
    let client = Client::new(&wires.config);
    let delete = ActionAfterCompletion::Delete;
    create(&client, "stays", "at(2026-03-08T00:00:00)").send().await.unwrap();
    create(&client, "goes", "at(2026-03-08T00:00:00)").action_after_completion(delete.clone()).send().await.unwrap();
    create(&client, "past", "at(2026-03-01T00:00:00)").action_after_completion(delete.clone()).send().await.unwrap();
    create(&client, "off", "at(2026-03-08T00:00:00)").state(ScheduleState::Disabled).send().await.unwrap();
    let end = aws_sdk_scheduler::primitives::DateTime::from_secs(time("2026-03-08T12:00:00Z").timestamp());
    create(&client, "ends", "cron(0 9 * * ? *)").end_date(end).action_after_completion(delete).send().await.unwrap();
    let fired = wires.scheduler.fire_until(time("2026-04-01T00:00:00Z")).unwrap();
    assert_eq!(times(&fired), ["ends 03-07T09:00", "goes 03-08T00:00", "stays 03-08T00:00", "ends 03-08T09:00"]);
    let left = client.list_schedules().send().await.unwrap();
    let left: Vec<&str> = left.schedules().iter().filter_map(|schedule| schedule.name()).collect();
    assert_eq!(left, ["off", "past", "stays"]);
}

#[tokio::test]
async fn a_rate_fires_at_once_and_then_at_its_pace() {
    let wires = Wires::in_memory(START).await;
    create(&Client::new(&wires.config), "rate", "rate(6 hours)").send().await.unwrap();
    let fired = wires.scheduler.fire_until(time("2026-03-07T12:30:00Z")).unwrap();
    assert_eq!(times(&fired), ["rate 03-07T00:00", "rate 03-07T06:00", "rate 03-07T12:00"]);
}

#[tokio::test]
async fn a_change_does_not_swallow_what_was_due_before_it() {
    let wires = Wires::in_memory(START).await;
    let client = Client::new(&wires.config);
    create(&client, "r", "cron(0 8 * * ? *)").send().await.unwrap();
    wires.clock.set(time("2026-03-07T20:00:00Z")).unwrap();
    let update = client.update_schedule().name("r").schedule_expression("cron(0 9 * * ? *)").flexible_time_window(off());
    update.target(target()).send().await.unwrap();
    let fired = wires.scheduler.fire_until(time("2026-03-08T20:00:00Z")).unwrap();
    assert_eq!(times(&fired), ["r 03-07T08:00", "r 03-08T09:00"]);
}

#[tokio::test]
async fn a_crash_loses_no_firing_and_repeats_only_what_was_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let wires = Wires::in_folder(folder.path(), START).await;
    create(&Client::new(&wires.config), "r", "cron(0 8 * * ? *)").send().await.unwrap();
    wires.clock.set(time("2026-03-08T12:00:00Z")).unwrap();
    let fired = wires.scheduler.fire_until(wires.clock.now()).unwrap();
    assert_eq!(times(&fired), ["r 03-07T08:00", "r 03-08T08:00"]);
    assert_eq!(wires.scheduler.fire_until(wires.clock.now()).unwrap(), []);
    wires.scheduler.acknowledge(&[fired[0].id.clone()]).unwrap();
    std::mem::forget(wires);

    let wires = Wires::in_folder(folder.path(), START).await;
    wires.clock.set(time("2026-03-09T12:00:00Z")).unwrap();
    let again = wires.scheduler.fire_until(wires.clock.now()).unwrap();
    assert_eq!(times(&again), ["r 03-08T08:00", "r 03-09T08:00"]);
    assert_eq!(again[0].id, fired[1].id);
}

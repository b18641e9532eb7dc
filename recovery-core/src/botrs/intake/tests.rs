use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;

use super::*;

fn intake() -> Arc<Intake> {
    let intake = Intake::new(Arc::new(Journal::in_memory("app")), 100, Feed::default());
    intake.take_up_sessions(1, 7);
    Arc::new(intake)
}

fn event(sequence: u64, id: &str) -> Dispatch {
    Dispatch {
        kind: "C2C_MESSAGE_CREATE".to_owned(),
        sequence: Some(sequence),
        id: Some(format!("C2C_MESSAGE_CREATE:{id}")),
        data: json!({"id": id, "author": {"user_openid": "U"}}),
    }
}

async fn take_in(intake: &Arc<Intake>, sequence: u64, id: &str) {
    let slot = intake.slot().await;
    intake.take_in(0, event(sequence, id), slot, false);
}

/// What the next fence lets through.
fn next(intake: &Intake) -> Waiting {
    intake.outlet.passed(1).expect("an event waits")
}

fn begin(intake: &Intake, session: &str) {
    intake.session_begins(0, session, 2);
    intake.journal.session_begins(0, session, 1, 7, 1);
}

#[tokio::test]
async fn the_same_event_is_handled_once_wherever_it_comes() {
    let intake = intake();
    let (sender, _events) = mpsc::unbounded_channel();
    intake.outlet.open(sender);
    begin(&intake, "S");
    take_in(&intake, 2, "A").await;
    take_in(&intake, 3, "A").await;
    next(&intake).ticket.done(Outcome::Handled);
    take_in(&intake, 4, "A").await;
    assert!(intake.outlet.passed(1).is_none());
    assert_eq!((intake.handled(0), intake.in_hand()), (Some(4), 0));
}

#[tokio::test]
async fn what_is_pushed_again_in_a_new_session_is_open_until_the_first_is_done() {
    let intake = intake();
    let (sender, _events) = mpsc::unbounded_channel();
    intake.outlet.open(sender);
    begin(&intake, "S");
    take_in(&intake, 2, "A").await;
    let first = next(&intake);
    begin(&intake, "T");
    take_in(&intake, 2, "A").await;
    take_in(&intake, 3, "B").await;
    next(&intake).ticket.done(Outcome::Handled);
    // A process that dies here gets A again.
    assert_eq!(intake.handled(0), Some(1));
    assert_eq!(intake.journal.session(0).expect("known").handled, 1);
    first.ticket.done(Outcome::Handled);
    assert_eq!(intake.handled(0), Some(3));
    assert_eq!(intake.journal.session(0).expect("known").handled, 3);
}

#[tokio::test]
async fn what_was_not_handled_is_not_noted() {
    let intake = intake();
    let (sender, _events) = mpsc::unbounded_channel();
    intake.outlet.open(sender);
    begin(&intake, "S");
    take_in(&intake, 2, "A").await;
    drop(next(&intake));
    assert_eq!(intake.handled(0), Some(1));
    assert!(!intake.journal.has_handled("A"));
    // The session is resumed behind it in this process; another one begins before it.
    take_in(&intake, 3, "A").await;
    next(&intake).ticket.done(Outcome::Handled);
    assert!(intake.journal.has_handled("A"));
}

#[tokio::test]
async fn events_wait_for_the_next_client_in_their_order() {
    let intake = intake();
    begin(&intake, "S");
    for (sequence, id) in [(2, "A"), (3, "B"), (4, "C")] {
        take_in(&intake, sequence, id).await;
    }
    let (sender, mut events) = mpsc::unbounded_channel();
    assert_eq!(intake.outlet.open(sender), 1);
    let sent: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    let opcodes: Vec<_> = sent.iter().map(|event| event.opcode).collect();
    assert_eq!(opcodes, [0, FENCE_OPCODE, 0, FENCE_OPCODE, 0, FENCE_OPCODE]);
    next(&intake).ticket.done(Outcome::Handled);

    // The client fails at B. The next one gets C, and fences of the old one mean nothing.
    drop(intake.outlet.take_culprit());
    let (sender, mut events) = mpsc::unbounded_channel();
    assert_eq!(intake.outlet.open(sender), 2);
    assert!(intake.outlet.passed(1).is_none());
    let event = events.try_recv().expect("C comes again");
    assert_eq!(event.data.expect("data")["id"], "C");
    intake
        .outlet
        .passed(2)
        .expect("C")
        .ticket
        .done(Outcome::Handled);
    assert_eq!(
        (intake.handled(0), intake.in_hand()),
        (Some(2), 0),
        "B is open"
    );
}

#[tokio::test(start_paused = true)]
async fn abandoned_events_give_their_room_back() {
    let intake = intake();
    begin(&intake, "S");
    take_in(&intake, 2, "A").await;
    assert_eq!(intake.in_hand(), 1);
    let drained = tokio::time::timeout(Duration::from_secs(1), intake.drained()).await;
    assert!(drained.is_err());
    intake.outlet.abandon();
    intake.drained().await;
    assert_eq!(intake.handled(0), Some(1));
    assert_eq!(Arc::strong_count(&intake), 1, "no event keeps it");
}

//! A message that waits for its audit.

use std::time::Duration;

use botrs::MessageAudit;
use loopback_platform::{Fault, Outcome, Scene};
use recovery_core::botrs::{AuditVerdict, Delivery};

use crate::setup::{event, messenger, platform, sends};

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn an_audit_is_pending_until_its_verdict() {
    let platform = platform().await;
    let messenger = messenger(&platform);
    let (id, to) = event(&platform, Scene::Channel);
    platform.force(Fault::Audit);
    let pending = messenger.reply(&to, "pong").await.expect("it is taken");
    let Delivery::Pending(audit) = pending else {
        panic!("{pending:?}");
    };
    assert_eq!(platform.ledger().calls_for(&id).len(), 1, "not sent again");
    let Outcome::PendingAudit { audit_id } = sends(&platform).remove(0).outcome else {
        panic!("the platform audits it");
    };
    assert_eq!(audit.id(), Some(&*audit_id));
    audit.verdict(Duration::from_millis(10)).await.unwrap_err();
    let event = MessageAudit {
        audit_id,
        message_id: "m".to_owned(),
        ..MessageAudit::default()
    };
    messenger.clone().audit_result(&event, true);
    let verdict = audit.verdict(PATIENCE).await.expect("it has come");
    let message_id = Some("m".to_owned());
    assert_eq!(verdict, AuditVerdict::Passed { message_id });
}

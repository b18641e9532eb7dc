//! Much goes wrong at once.

use loopback_platform::{FaultPlan, PlatformOptions, Scene};
use recovery_core::{Classify, Effect};

use crate::setup::{SHORT, event, messenger, start};

/// Three calls in ten meet a fault, those for tokens among them.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_doubled_when_much_goes_wrong() {
    let platform = start(PlatformOptions {
        faults: FaultPlan::new(3, 0.3).expect("a plan"),
        slow_by: 2 * SHORT,
        ..PlatformOptions::default()
    })
    .await;
    let messenger = messenger(&platform).with_timeout(SHORT);
    let events: Vec<_> = (0..40)
        .map(|number| event(&platform, Scene::ALL[number % 4]))
        .collect();
    let replies: Vec<_> = events
        .iter()
        .map(|(id, to)| {
            let (messenger, id, to) = (messenger.clone(), id.clone(), to.clone());
            tokio::spawn(async move { (id, messenger.reply(&to, "pong").await) })
        })
        .collect();
    for reply in replies {
        let (id, result) = reply.await.expect("no panic");
        let record = platform.ledger().event(&id).expect("known");
        assert!(record.delivered.len() <= 1, "{}: {result:?}", record.scene);
        if let Err(error) = &result {
            assert!(!record.scene.deduplicates(), "{error}");
            assert_eq!(error.effect(), Effect::Unknown, "{error}");
        }
    }
    assert_eq!(platform.ledger().score().doubled, 0);
}

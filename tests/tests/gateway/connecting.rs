//! The plain case: connect, handle, reply, stop.

use loopback_platform::{Fault, Scene};

use crate::support::{Bot, answered, everywhere, quick, start};

#[tokio::test]
async fn replies_in_all_four_scenes_and_stops_when_asked() {
    let platform = start(quick()).await;
    let mut bot = Bot::resilient(&platform, &[]);
    bot.tells("ready", 1).await;
    for id in everywhere(&platform, "!ping") {
        answered(&platform, &id).await;
    }
    assert!(bot.stop().await);
    assert_eq!(bot.tells("ended", 1).await, "well");
    assert!(platform.ledger().score().is_clean());
    let connection = &platform.ledger().connections()[0];
    assert_eq!(
        connection.close_code_received,
        Some(4000),
        "a proper goodbye"
    );
}

#[tokio::test]
async fn an_audited_message_has_its_verdict() {
    let platform = start(quick()).await;
    let mut bot = Bot::resilient(&platform, &[]);
    bot.tells("ready", 1).await;
    for scene in Scene::ALL {
        platform.force(Fault::Audit);
        let id = platform.deliver(scene, "!ping");
        bot.handles(&id).await;
        answered(&platform, &id).await;
    }
    assert_eq!(bot.all("how"), ["audited"; 4]);
    bot.tells("audit_passed", 4).await;
}

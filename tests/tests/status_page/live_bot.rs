//! A bot that is looked at while it works: what the page says is what the platform's ledger knows.

use std::path::PathBuf;
use std::time::Duration;

use loopback_platform::{Fault, FaultPlan, GatewayFault, Platform, PlatformOptions, Scene};
use tokio::time::sleep;

use crate::browser::Page;
use crate::client::get;
use crate::support::{Bot, PATIENCE, quick, start};

/// Those after which a reply in a group still arrives, and soon.
const PASSING: [Fault; 4] = [
    Fault::Unavailable,
    Fault::Reset,
    Fault::ReplyLost,
    Fault::ServerError,
];

async fn platform(rate: f64) -> Platform {
    let faults = FaultPlan::new(7, rate).expect("a valid plan");
    start(PlatformOptions {
        faults: faults.with_faults(PASSING),
        spare_connecting: true,
        ..quick()
    })
    .await
}

/// Waits until all commands have been answered.
async fn all_answered(platform: &Platform) -> usize {
    let done = |ledger: &loopback_platform::Ledger| {
        let tally = ledger.tally();
        tally.delivered == tally.commands && tally.under_way == 0
    };
    assert!(
        platform.ledger().wait_until(PATIENCE * 2, done).await,
        "{:?}",
        platform.ledger().tally()
    );
    platform.ledger().tally().delivered
}

#[tokio::test]
async fn the_numbers_of_a_live_bot_are_those_of_the_ledger() {
    let Some(mut page) = Page::open().await else {
        return;
    };
    let platform = platform(0.3).await;
    let mut bot = Bot::start(&platform, &["--status", "127.0.0.1:0"]);
    let address = bot.tells("status_page", 1).await;
    let address = address
        .as_str()
        .expect("an address")
        .parse()
        .expect("an address");
    bot.tells("ready", 1).await;
    assert_eq!(get(address, "/healthz").await.code, 200);
    assert_eq!(get(address, "/readyz").await.code, 200);
    page.visit(&format!("http://{address}/")).await;
    page.until("document.querySelector('[data-shard=\"0\"].good')")
        .await;
    let line = "document.querySelector('[data-chart=replies] .line.s0').getAttribute('d')";
    let before = page.text(line).await;

    for _ in 0..20 {
        platform.deliver(Scene::Group, "!ping");
        platform.deliver(Scene::C2c, "!ping");
    }
    let delivered = all_answered(&platform).await;
    assert_eq!(delivered, 40);
    let arrived = "report.replies.sent + report.replies.already_delivered";
    page.until(&format!("{arrived} === 40 && report.events.handled >= 40"))
        .await;
    let shown = async |page: &mut Page, id: &str| -> u64 {
        let text = page
            .text(&format!(
                "document.querySelector('[data-value=\"{id}\"]').textContent"
            ))
            .await;
        text.replace(',', "").parse().expect("a number")
    };
    page.until("document.querySelector('[data-value=\"events.in_hand\"]').textContent === '0'")
        .await;
    let (sent, already) = (
        shown(&mut page, "replies.sent").await,
        shown(&mut page, "replies.already_delivered").await,
    );
    assert_eq!(sent + already, 40);
    let events = platform.ledger().events().len() as u64;
    assert_eq!(
        shown(&mut page, "events.handled").await,
        shown(&mut page, "events.received").await
    );
    assert!(shown(&mut page, "events.handled").await >= events);
    assert_ne!(page.text(line).await, before, "the chart has moved");

    // Torn off, and kept off until it is seen, with the cause.
    platform.force_gateway(GatewayFault::RefuseUpgrade(502), 1_000);
    platform.tear_connections();
    page.until("document.querySelector('[data-shard=\"0\"].warn small')")
        .await;
    platform.clear_gateway_faults();
    page.until("document.querySelector('[data-shard=\"0\"].good')")
        .await;
    assert_eq!(page.complaints().await, Vec::<String>::new());

    bot.kill().await;
    page.until("!document.getElementById('lost').hidden").await;
    platform.shutdown().await;
}

/// `SCREENSHOT_DIR=$PWD/recovery-core/docs cargo test -p recovery-tests --test status_page pictures`
#[tokio::test]
async fn pictures_are_taken_where_they_are_asked_for() {
    let Some(folder) = std::env::var_os("SCREENSHOT_DIR").map(PathBuf::from) else {
        return;
    };
    let Some(mut page) = Page::open().await else {
        return;
    };
    let platform = platform(0.25).await;
    let outbox = tempfile::tempdir().expect("a folder");
    let outbox = outbox.path().to_str().expect("a plain path");
    let mut bot = Bot::start(&platform, &["--status", "127.0.0.1:0", "--outbox", outbox]);
    let address = bot.tells("status_page", 1).await;
    let url = format!("http://{}/", address.as_str().expect("an address"));
    bot.tells("ready", 1).await;

    let mut moods = fastrand::Rng::with_seed(3);
    for second in 0..110_u32 {
        let wave = 4 + (second / 12) % 5;
        for _ in 0..moods.u32(0..=wave) {
            let scene = if moods.bool() {
                Scene::Group
            } else {
                Scene::C2c
            };
            platform.deliver(scene, "!ping");
        }
        if [35, 80].contains(&second) {
            platform.force_gateway(GatewayFault::RefuseUpgrade(502), 3);
            platform.tear_connections();
        }
        sleep(Duration::from_secs(1)).await;
    }
    let mut take = async |name: &str, size, scheme, language, until| {
        page.look(size, scheme).await;
        page.read_in(language).await;
        page.visit(&url).await;
        page.until(until).await;
        let picture = page.picture(name == "status.png").await;
        std::fs::write(folder.join(name), picture).expect("it can be written");
    };
    let phone = (375, 1100);
    let well = "document.querySelector('#retries tbody tr')";
    take("status-phone.png", phone, "dark", "zh-CN", well).await;
    platform.force_gateway(GatewayFault::RefuseUpgrade(502), 60);
    platform.tear_connections();
    let torn = "document.querySelector('#shards .warn') && report.health.reasons[0]?.for_ms > 8000";
    take("status.png", (1240, 900), "light", "en", torn).await;
}

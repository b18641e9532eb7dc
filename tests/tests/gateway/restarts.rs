//! A bot that is killed in the middle of its work, and begun again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use loopback_platform::{EventId, Platform, PlatformOptions, Scene};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::support::{Bot, quick, start};

/// A platform, and bots that remember in one folder, one after the other.
struct Lives {
    folder: TempDir,
    platform: Arc<Platform>,
}

impl Lives {
    /// With the first bot, which is ready.
    async fn begin() -> (Self, Bot) {
        Self::begin_on(quick()).await
    }

    async fn begin_on(options: PlatformOptions) -> (Self, Bot) {
        let lives = Self {
            folder: tempfile::tempdir().expect("a folder"),
            platform: Arc::new(start(options).await),
        };
        let mut bot = lives.next();
        bot.tells("ready", 1).await;
        (lives, bot)
    }

    fn next(&self) -> Bot {
        let folder = self.folder.path().to_str().expect("a plain path");
        // On a busy machine a step may take long, and is not to be made twice for that.
        let patient = [
            "--connect",
            "20000",
            "--hello",
            "20000",
            "--log-in",
            "20000",
        ];
        let arguments = [&["--state", folder], &patient[..]].concat();
        Bot::resilient(&self.platform, &arguments)
    }
}

const EVENTS: usize = 2_000;
const KILLS: usize = 10;

/// Says so many things, some three hundred a second.
async fn talk(platform: &Platform) -> Vec<(Scene, EventId)> {
    let mut said = Vec::new();
    for number in 0..EVENTS {
        let scene = Scene::ALL[number % Scene::ALL.len()];
        said.push((scene, platform.deliver(scene, "!slow 20")));
        sleep(Duration::from_millis(3)).await;
    }
    said
}

#[tokio::test]
async fn ten_times_kill_9_within_two_thousand_events() {
    // Its heartbeats are rare: one that a busy machine delays would cost a resume more.
    let (lives, mut bot) = Lives::begin_on(PlatformOptions::default()).await;
    let platform = Arc::clone(&lives.platform);
    let talking = tokio::spawn({
        let platform = Arc::clone(&platform);
        async move { talk(&platform).await }
    });

    let mut handled: HashMap<String, usize> = HashMap::new();
    let mut count = |bot: &Bot| {
        for id in bot.all("handled") {
            *handled
                .entry(id.as_str().expect("an id").to_owned())
                .or_default() += 1;
        }
    };
    for round in 0..KILLS {
        sleep(Duration::from_millis(350 + 37 * round as u64)).await;
        bot.kill().await;
        bot.has_told_all().await;
        count(&bot);
        bot = lives.next();
        bot.tells("resumed", 1).await;
    }
    let said = talking.await.expect("the talk comes to its end");
    let settled = |ledger: &loopback_platform::Ledger| {
        said.iter().all(|(scene, id)| {
            let event = ledger.event(id).expect("it was said");
            !scene.deduplicates() || !event.delivered.is_empty()
        })
    };
    let ledger = platform.ledger();
    assert!(
        ledger.wait_until(Duration::from_secs(60), settled).await,
        "{:?}",
        ledger.score()
    );
    assert!(bot.stop().await);
    bot.has_told_all().await;
    count(&bot);

    for (scene, id) in &said {
        assert!(handled.contains_key(id.as_str()), "{id} was not handled");
        let delivered = ledger.event(id).expect("it was said").delivered.len();
        if scene.deduplicates() {
            assert_eq!(delivered, 1, "{id} in a {scene}");
        } else {
            assert!(
                delivered <= 1,
                "{id} in a {scene} is there {delivered} times"
            );
        }
    }
    // Between the last line of a handler and the note that it is done lie microseconds.
    let twice = handled.values().filter(|times| **times > 1).count();
    assert!(twice <= KILLS, "{twice} events were handled twice");
    assert_eq!(ledger.identifies(), 1, "one session over all lives");
    assert_eq!(ledger.resumes(), KILLS as u64);
}

#[tokio::test]
async fn a_stopped_bot_receives_what_it_missed() {
    let (lives, mut bot) = Lives::begin().await;
    let platform = &lives.platform;
    let before = platform.deliver(Scene::Group, "!ping");
    bot.handles(&before).await;
    assert!(bot.stop().await);
    let missed: Vec<_> = Scene::ALL
        .into_iter()
        .map(|scene| platform.deliver(scene, "!ping"))
        .collect();

    let mut bot = lives.next();
    for id in &missed {
        bot.handles(id).await;
    }
    assert_eq!(bot.begun(&before), 0);
    assert!(platform.ledger().score().is_clean());

    // With other intents, it would be another session: the platform's answer is a new one.
    assert!(bot.stop().await);
    let mut anew = Bot::resilient(platform, &[]);
    anew.tells("ready", 1).await;
}

#[tokio::test]
async fn a_session_that_the_platform_has_forgotten_is_begun_anew() {
    let (lives, mut bot) = Lives::begin().await;
    let platform = &lives.platform;
    bot.kill().await;
    platform.invalidate_sessions(false);
    let mut bot = lives.next();
    bot.tells("ready", 1).await;
    let id = platform.deliver(Scene::Direct, "!ping");
    bot.handles(&id).await;
}

#[tokio::test]
async fn a_new_process_begins_no_session_too_early() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().to_str().expect("a plain path");
    let arguments = ["--state", folder, "--identify-window", "5250"];
    let platform = start(PlatformOptions {
        enforce_concurrency: true,
        ..quick()
    })
    .await;
    let mut bot = Bot::resilient(&platform, &arguments);
    bot.tells("ready", 1).await;
    bot.kill().await;
    platform.invalidate_sessions(false);
    let mut bot = Bot::resilient(&platform, &arguments);
    bot.tells("ready", 1).await;
    let ledger = platform.ledger();
    assert_eq!(
        (ledger.identifies(), ledger.concurrency_violations()),
        (2, 0)
    );
}

#[tokio::test]
async fn a_damaged_journal_is_kept_and_the_bot_goes_on() {
    let (lives, mut bot) = Lives::begin().await;
    let platform = &lives.platform;
    bot.kill().await;
    let app_id = platform.credentials().app_id();
    let journal = lives
        .folder
        .path()
        .join(format!("gateway-{app_id}.journal"));
    let mut text = std::fs::read(&journal).expect("there is a journal");
    text.extend_from_slice(b"{\"h\": not any more}\n\xff\xfe\n");
    std::fs::write(&journal, &text).expect("it can be written");

    let mut bot = lives.next();
    bot.tells("resumed", 1).await;
    let names = std::fs::read_dir(lives.folder.path()).expect("a folder");
    let mut paths = names.map(|entry| entry.expect("an entry").path());
    let kept = paths.find(|path| path.to_string_lossy().contains(".journal.damaged-"));
    let kept = std::fs::read(kept.expect("it is kept")).expect("it can be read");
    assert_eq!(kept, text);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for entry in std::fs::read_dir(lives.folder.path()).expect("a folder") {
            let entry = entry.expect("an entry");
            let mode = entry.metadata().expect("it is there").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", entry.path().display());
        }
    }
}

#[tokio::test]
async fn a_stop_in_the_middle_of_a_burst_loses_nothing() {
    let (lives, mut bot) = Lives::begin().await;
    let platform = &lives.platform;
    let said: Vec<_> = (0..1_000)
        .map(|number| platform.deliver(Scene::ALL[number % 4], "!ping"))
        .collect();
    bot.tells("begun", 1).await;
    assert!(bot.stop().await);
    bot.has_told_all().await;
    assert_eq!(bot.all("begun").len(), bot.all("handled").len());

    let mut bot = lives.next();
    let all = |ledger: &loopback_platform::Ledger| ledger.tally().delivered == said.len();
    assert!(
        platform
            .ledger()
            .wait_until(Duration::from_secs(60), all)
            .await
    );
    assert!(bot.stop().await);
    let score = platform.ledger().score();
    assert_eq!(score.delivered_once, score.commands, "{score}");
}

#[tokio::test]
async fn an_end_behind_a_burst_lets_all_be_handled_that_was_read() {
    let platform = start(quick()).await;
    let mut bot = Bot::resilient(&platform, &[]);
    bot.tells("ready", 1).await;
    for _ in 0..1_000 {
        platform.deliver(Scene::Group, "!silent");
    }
    platform.ban(4915);
    assert_eq!(bot.tells("ended", 1).await, "Banned { code: 4915 }");
    bot.has_told_all().await;
    let sent = platform.ledger().connections()[0].events_sent;
    assert_eq!(u64::try_from(bot.all("handled").len()), Ok(sent));
}

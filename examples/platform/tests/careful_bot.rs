//! A bot that does everything right gets a clean score, whatever the faults.

mod common;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use common::{Heard, Socket, TOKEN_URL, http, path, start, text};
use loopback_platform::{Fault, FaultPlan, Platform, PlatformOptions, Scenario, Scene};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::{
    sync::{Mutex, Semaphore},
    task::JoinSet,
};

/// Shorter than the platform's slowness, longer than a crowd of TLS handshakes takes.
const TIMEOUT: Duration = Duration::from_millis(1200);
const SLOWNESS: Duration = Duration::from_millis(1500);
const REPLIES_AT_A_TIME: usize = 24;
const PAUSE: Duration = Duration::from_millis(20);

struct CarefulBot {
    http: Client,
    credentials: Value,
    token: Mutex<Option<String>>,
    slots: Semaphore,
}

impl CarefulBot {
    fn new(platform: &Platform) -> Arc<Self> {
        let credentials = platform.credentials();
        Arc::new(Self {
            http: http(platform, TIMEOUT),
            credentials: json!({
                "appId": credentials.app_id(), "clientSecret": credentials.secret(),
            }),
            token: Mutex::default(),
            slots: Semaphore::new(REPLIES_AT_A_TIME),
        })
    }

    async fn token(&self) -> String {
        let mut token = self.token.lock().await;
        loop {
            if let Some(token) = &*token {
                return token.clone();
            }
            let request = self.http.post(TOKEN_URL).json(&self.credentials);
            if let Ok(response) = request.send().await
                && response.status() == 200
            {
                let answer: Value = response.json().await.expect("JSON");
                *token = Some(text(&answer["access_token"]));
            }
        }
    }

    /// Forgets a token that was refused, unless someone has already replaced it.
    async fn token_refused(&self, refused: &str) {
        self.token.lock().await.take_if(|token| token == refused);
    }

    /// Sends until it is surely there, or until sending again could double it.
    async fn reply(&self, scene: Scene, target: &str, msg_id: &str) {
        let url = format!("{}{}", common::API, path(scene, target));
        let body = json!({"content": "pong", "msg_id": msg_id});
        let _slot = self.slots.acquire().await;
        loop {
            let token = self.token().await;
            let request = self.http.post(&url).json(&body);
            let request = request.header("Authorization", format!("QQBot {token}"));
            let status = request.send().await.map(|response| async {
                let status = response.status().as_u16();
                (status, response.text().await.unwrap_or_default())
            });
            match status {
                Ok(answer) => match answer.await {
                    (200, body) if !body.contains("err_code") => return,
                    (400, body) if body.contains("40054005") => return,
                    (200 | 429, _) => {}
                    (401, _) => self.token_refused(&token).await,
                    (500.., _) if scene.deduplicates() => {}
                    // Waiting for its audit, or perhaps sent.
                    (202 | 500.., _) => return,
                    other => panic!("unexpected: {other:?}"),
                },
                Err(_) if scene.deduplicates() => {}
                Err(_) => return,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Hears everything once, over as many connections as it takes.
    async fn run(self: Arc<Self>, platform: &Platform) {
        let mut replies = JoinSet::new();
        let mut session: Option<String> = None;
        let mut seen = 0;
        loop {
            let mut socket = Socket::connect(platform).await;
            socket.frame().await;
            let token = self.token().await;
            match &session {
                None => socket.identify(&token).await,
                Some(session) => socket.resume(&token, session, seen).await,
            }
            loop {
                let Heard::Frame(frame) = socket.hear_patiently().await else {
                    break;
                };
                if frame["op"] == 7 {
                    break;
                }
                seen = frame["s"].as_u64().unwrap_or(seen);
                let data = &frame["d"];
                let (scene, target) = match frame["t"].as_str() {
                    Some("READY") => {
                        session = Some(text(&data["session_id"]));
                        continue;
                    }
                    Some("AT_MESSAGE_CREATE") => (Scene::Channel, &data["channel_id"]),
                    Some("DIRECT_MESSAGE_CREATE") => (Scene::Direct, &data["guild_id"]),
                    Some("GROUP_AT_MESSAGE_CREATE") => (Scene::Group, &data["group_openid"]),
                    Some("C2C_MESSAGE_CREATE") => (Scene::C2c, &data["author"]["user_openid"]),
                    _ => continue,
                };
                let (bot, target, msg_id) = (Arc::clone(&self), text(target), text(&data["id"]));
                replies.spawn(async move { bot.reply(scene, &target, &msg_id).await });
            }
        }
    }
}

/// What each command's calls met, in order.
type Met = BTreeMap<String, Vec<Option<Fault>>>;

async fn play(seed: u64, per_second: f64) -> Met {
    let platform = start(PlatformOptions {
        faults: FaultPlan::new(seed, 0.4).expect("valid"),
        slow_by: SLOWNESS,
        audit_after: Duration::from_millis(100),
        ..PlatformOptions::default()
    })
    .await;
    let scenario = Scenario {
        commands: 200,
        per_second,
        grace: Duration::from_secs(2),
        ..Scenario::default()
    };
    tokio::select! {
        () = CarefulBot::new(&platform).run(&platform) => unreachable!("it runs for ever"),
        end = scenario.play(&platform) => { end.expect("a possible pace"); }
    }
    let score = platform.ledger().score();
    println!("{score}");
    assert!(score.is_clean(), "{score}");
    assert_eq!(score.commands, 200);
    assert_eq!(score.delivered_once + score.unresent.not_arrived, 200);
    assert_eq!((score.identifies, score.resumes), (1, 2));
    for fault in Fault::DEFAULT_MIX {
        assert!(score.faults.contains_key(&fault), "{fault} never came");
    }
    let ledger = platform.ledger();
    let met = ledger.events().into_iter().map(|event| {
        let calls = ledger.calls_for(&event.id).into_iter();
        // A call with an expired token gets its 401 before the plan is asked.
        let met = calls.filter(|call| {
            call.fault.is_some()
                || !matches!(
                    call.outcome,
                    loopback_platform::Outcome::Refused { status: 401, .. }
                )
        });
        (event.id.to_string(), met.map(|call| call.fault).collect())
    });
    let met = met.collect();
    platform.shutdown().await;
    met
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_clean_and_meets_the_same_faults_at_any_pace() {
    let (slow, fast) = (play(11, 60.0).await, play(11, 120.0).await);
    assert_eq!(slow, fast);
}

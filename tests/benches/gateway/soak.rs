//! Hours of the platform's moods in as many minutes: flat memory and an exact ledger.

use std::time::{Duration, Instant};

use loopback_platform::{FaultPlan, GatewayFault, Platform, PlatformOptions, Scene};
use tokio::time::sleep;

use crate::support::{Bot, start};

/// A minute stands for an hour.
const COMPRESSION: u32 = 60;
/// Makes glibc give back what is free, so that what is resident is what is in use.
const RETURN_MEMORY: [(&str, &str); 3] = [
    ("MALLOC_ARENA_MAX", "1"),
    ("MALLOC_TRIM_THRESHOLD_", "65536"),
    ("MALLOC_MMAP_THRESHOLD_", "65536"),
];
const GLANCE: Duration = Duration::from_secs(5);

pub(crate) async fn run(length: Duration, seed: u64) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().to_str().expect("a plain path");
    let platform = start(PlatformOptions {
        faults: FaultPlan::new(seed, 0.1).expect("a valid plan"),
        heartbeat_interval: Duration::from_millis(41_250) / COMPRESSION,
        allow_short_heartbeat: true,
        token_lifetime: Duration::from_secs(7_200) / COMPRESSION,
        rewind_on_resume: 3,
        session_starts: u32::MAX,
        ..PlatformOptions::default()
    })
    .await;
    let mut bot = Bot::start_with(&platform, &["--quiet", "--state", state], &RETURN_MEMORY);
    bot.tells("ready", 1).await;
    println!("{length:?}, each minute of which stands for an hour; seed {seed}");

    let mut moods = fastrand::Rng::with_seed(seed);
    let (begun, mut next_mood, mut next_glance) = (Instant::now(), Duration::ZERO, GLANCE);
    let (mut resident, mut disturbed) = (Vec::new(), 0);
    while begun.elapsed() < length {
        for scene in [Scene::Channel, Scene::Direct, Scene::Group] {
            platform.deliver(scene, "!ping");
        }
        // What is known of a private chat is kept for its reply window, an hour, which is not compressed:
        // many of these would still be filling memory at the end.
        if moods.u8(0..10) == 0 {
            platform.deliver(Scene::C2c, "!ping");
        }
        if begun.elapsed() >= next_mood {
            disturb(&platform, &mut moods);
            disturbed += 1;
            next_mood = begun.elapsed() + Duration::from_millis(moods.u64(1_000..4_000));
        }
        if let Some(ended) = bot.all("ended").first() {
            println!("the bot ended: {ended}");
            return false;
        }
        if begun.elapsed() >= next_glance {
            let kilobytes = resident_kilobytes(bot.id());
            resident.push(kilobytes);
            let tally = platform.ledger().tally();
            println!(
                "{:>5} s  commands {:>7}  delivered {:>7}  disturbed {disturbed:>4}  memory {kilobytes:>6} kB",
                begun.elapsed().as_secs(),
                tally.commands,
                tally.delivered,
            );
            next_glance += GLANCE;
        }
        sleep(Duration::from_millis(80)).await;
    }
    let quiet = |ledger: &loopback_platform::Ledger| {
        let tally = ledger.tally();
        let idle = ledger.elapsed().saturating_sub(tally.last_activity);
        tally.under_way == 0 && idle > Duration::from_secs(12)
    };
    platform
        .ledger()
        .wait_until(Duration::from_secs(180), quiet)
        .await;
    let ended_well = bot.stop().await;
    let ledger = platform.ledger();
    let score = ledger.score();
    println!("{score}");
    let flat = is_flat(&resident);
    println!(
        "identifies {}, resumes {}, disturbed {disturbed}, memory {}",
        ledger.identifies(),
        ledger.resumes(),
        if flat { "flat" } else { "GROWING" },
    );
    flat && ended_well && score.is_clean()
}

/// The memory of a process, where the system tells.
fn resident_kilobytes(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok())
        .unwrap_or_default()
}

/// Something that ends a connection, or spoils the next.
fn disturb(platform: &Platform, moods: &mut fastrand::Rng) {
    let spoiled = [
        GatewayFault::RefuseUpgrade(502),
        GatewayFault::ResetAfterHello,
        GatewayFault::NoAcks,
        GatewayFault::SlowReady(Duration::from_millis(200)),
        GatewayFault::NoHello,
        GatewayFault::NoReady,
    ];
    if moods.u8(0..4) == 0 {
        platform.force_gateway(spoiled[moods.usize(0..spoiled.len())], 1);
    }
    match moods.u8(0..12) {
        0 => platform.close_sessions(1000 + moods.u16(0..2)),
        1 | 2 => platform.close_sessions(4009),
        3 | 4 => platform.reconnect(),
        5 => platform.invalidate_sessions(true),
        6 => platform.tear_connections(),
        7 => platform.tear_mid_frame(),
        8 => platform.go_silent(),
        9 => platform.stop_acks(),
        10 => {
            platform.expire_tokens();
            platform.tear_connections()
        }
        _ => {
            platform.refuse_tokens_at_gateway();
            platform.close_sessions(4004)
        }
    };
}

/// Whether the last quarter is no larger than the one before, but for a tenth.
fn is_flat(resident: &[u64]) -> bool {
    let quarter = resident.len() / 4;
    if quarter == 0 {
        return true;
    }
    let median = |part: &[u64]| {
        let mut part = part.to_vec();
        part.sort_unstable();
        part[part.len() / 2]
    };
    let (early, late) = (
        median(&resident[2 * quarter..3 * quarter]),
        median(&resident[3 * quarter..]),
    );
    println!("memory, median of the third quarter {early} kB, of the last {late} kB");
    late <= early + early / 10
}

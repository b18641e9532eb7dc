//! Prints the figures beside each other.

use crate::measure::Figures;

pub(crate) fn print(users: u32, json: &[Figures; 2], redb: &[Figures; 2]) {
    println!(
        "{:<34}{:>14}{:>14}{:>18}",
        format!("{users} users"),
        "JSON file",
        "database",
        "JSON / database"
    );
    let [json_save, json_load] = json;
    let [redb_save, redb_load] = redb;
    let seconds = |name, json, redb| row(name, json, redb, time);
    let bytes = |name, json: u64, redb: u64| row(name, exact(json), exact(redb), size);
    seconds(
        "a save after one user has changed",
        json_save.one.total(),
        redb_save.one.total(),
    );
    seconds(
        "  the state is held up for",
        json_save.one.snapshot,
        redb_save.one.snapshot,
    );
    bytes(
        "  of the state",
        json_save.one.of_the_state,
        redb_save.one.of_the_state,
    );
    bytes(
        "  written to files",
        json_save.one.asked,
        redb_save.one.asked,
    );
    bytes(
        "  written to the disk",
        json_save.one.to_disk,
        redb_save.one.to_disk,
    );
    seconds(
        "the first save of all",
        json_save.first.total(),
        redb_save.first.total(),
    );
    seconds(
        "  the state is held up for",
        json_save.first.snapshot,
        redb_save.first.snapshot,
    );
    bytes(
        "  written to files",
        json_save.first.asked,
        redb_save.first.asked,
    );
    seconds(
        "  then, while nobody waits: a copy",
        json_save.copy,
        redb_save.copy,
    );
    bytes(
        "memory at the end, saving",
        json_save.memory_after,
        redb_save.memory_after,
    );
    bytes(
        "  at the peak",
        json_save.memory_peak,
        redb_save.memory_peak,
    );
    seconds("load", json_load.load, redb_load.load);
    bytes(
        "memory before a load",
        json_load.memory_before,
        redb_load.memory_before,
    );
    bytes("  after it", json_load.memory_after, redb_load.memory_after);
    bytes(
        "  at the peak",
        json_load.memory_peak,
        redb_load.memory_peak,
    );
    bytes("file", json_load.file, redb_load.file);
}

fn row(name: &str, json: f64, redb: f64, shown: fn(f64) -> String) {
    let ratio = if redb > 0.0 && json > 0.0 {
        format!("{:.1}", json / redb)
    } else {
        "-".to_owned()
    };
    println!(
        "{name:<34}{:>14}{:>14}{ratio:>18}",
        shown(json),
        shown(redb)
    );
}

fn exact(bytes: u64) -> f64 {
    let kilobytes = u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
    let rest = u32::try_from(bytes % 1024).unwrap_or(0);
    f64::from(kilobytes) * 1024.0 + f64::from(rest)
}

fn time(seconds: f64) -> String {
    if seconds < 1e-3 {
        format!("{:.0} us", seconds * 1e6)
    } else if seconds < 1.0 {
        format!("{:.1} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}

fn size(bytes: f64) -> String {
    if bytes < 10e3 {
        format!("{bytes:.0} B")
    } else if bytes < 10e6 {
        format!("{:.1} KiB", bytes / 1024.0)
    } else {
        format!("{:.1} MiB", bytes / 1024.0 / 1024.0)
    }
}

//! Runs cargo, and weighs what comes out.

use std::fs::{self, File};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use object::{Object, ObjectSection, SectionKind};

use crate::generate::Package;

/// What one run of cargo took.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    /// User and system time, where the system tells it.
    pub(crate) cpu: Option<Duration>,
}

/// Two runs, one right after the other.
pub(crate) struct Pair {
    pub(crate) by_hand: Cost,
    pub(crate) annotated: Cost,
}

impl Pair {
    pub(crate) fn wall_ratio(&self) -> f64 {
        self.annotated.wall.div_duration_f64(self.by_hand.wall)
    }

    pub(crate) fn cpu_ratio(&self) -> Option<f64> {
        Some(self.annotated.cpu?.div_duration_f64(self.by_hand.cpu?))
    }
}

/// The middle one, or the mean of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

/// Compiles the library anew; its dependencies are left as they are.
pub(crate) fn compile(package: &Package, command: &[&str]) -> Result<Cost> {
    let library = package.library();
    File::options()
        .append(true)
        .open(&library)
        .and_then(|file| file.set_modified(SystemTime::now()))
        .with_context(|| format!("touch {}", library.display()))?;
    let cpu = children_cpu();
    let start = Instant::now();
    cargo(package, &[command, &["--lib"]].concat())?;
    let wall = start.elapsed();
    let cpu = cpu
        .zip(children_cpu())
        .map(|(before, after)| after.saturating_sub(before));
    Ok(Cost { wall, cpu })
}

/// The bytes of machine code in the package's release program.
pub(crate) fn code_size(package: &Package) -> Result<u64> {
    cargo(package, &["build", "--release", "--bins"])?;
    let program = package
        .folder
        .join("target/release")
        .join(package.name)
        .with_extension(std::env::consts::EXE_EXTENSION);
    let bytes = fs::read(&program).with_context(|| format!("read {}", program.display()))?;
    let object = object::File::parse(&*bytes)
        .with_context(|| format!("understand the program {}", program.display()))?;
    let code = object
        .sections()
        .filter(|section| section.kind() == SectionKind::Text);
    Ok(code.map(|section| section.size()).sum())
}

fn cargo(package: &Package, arguments: &[&str]) -> Result<()> {
    let output = Command::new(env!("CARGO"))
        .current_dir(&package.folder)
        .args(arguments)
        .args(["--offline", "--target-dir", "target"])
        .env("CARGO_INCREMENTAL", "0")
        // What would answer from a cache.
        .env_remove("RUSTC_WRAPPER")
        .env_remove("CARGO_BUILD_RUSTC_WRAPPER")
        .env_remove("CARGO_BUILD_TARGET")
        .output()
        .context("run cargo")?;
    ensure!(
        output.status.success(),
        "`cargo {}` failed in {}:\n{}",
        arguments.join(" "),
        package.folder.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// The time that all children so far have taken of the processors.
#[cfg(unix)]
fn children_cpu() -> Option<Duration> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeVal;

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    let duration = |time: TimeVal| {
        let micros = u64::try_from(time.tv_usec()).ok()?;
        Some(
            Duration::from_secs(u64::try_from(time.tv_sec()).ok()?) + Duration::from_micros(micros),
        )
    };
    Some(duration(usage.user_time())? + duration(usage.system_time())?)
}

#[cfg(not(unix))]
fn children_cpu() -> Option<Duration> {
    None
}

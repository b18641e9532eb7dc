//! What is known, and what follows from it.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::{DisconnectCause, Finding, HealthReason, HealthState, HealthThresholds};

/// So many parts may have something to report at a time.
const COMPONENTS: usize = 64;
/// No text that is kept is longer, in bytes.
const LONGEST_TEXT: usize = 256;

/// What has been told, but for what handlers and events tell by the thousand.
#[derive(Debug, Default)]
pub(super) struct Books {
    connections: BTreeMap<u32, Connection>,
    reports: BTreeMap<String, Report>,
    /// When the last connection was removed.
    emptied: Option<Instant>,
    /// Since when there are connections to be made, but none is there.
    none_since: Option<Instant>,
}

#[derive(Debug)]
struct Connection {
    link: Link,
    /// Since when the link is there, or is not.
    since: Instant,
    was_there: bool,
}

#[derive(Debug)]
enum Link {
    Down { cause: Option<DisconnectCause> },
    Up(Pulse),
}

#[derive(Debug)]
struct Pulse {
    interval: Duration,
    /// When a heartbeat was acknowledged last, or the connection began or was read from again.
    acknowledged: Instant,
    /// When the oldest heartbeat was sent that has no answer, and whether another one followed.
    unanswered: Option<(Instant, bool)>,
    paused: Option<Instant>,
}

#[derive(Debug)]
struct Report {
    counts_as: HealthState,
    what: String,
    since: Instant,
}

/// What handlers and events have told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    pub(super) last_event: Option<Instant>,
    pub(super) failures: u32,
    pub(super) failing_since: Option<Instant>,
}

/// A reason, and when it began to count.
pub(super) struct Found {
    pub(super) reason: HealthReason,
    pub(super) struck: Instant,
}

/// Whether a rule holds, and if not yet, when it will.
pub(super) struct Judgement<'a> {
    now: Instant,
    thresholds: &'a HealthThresholds,
    pub(super) found: Vec<Found>,
    /// When, as things are, the next rule will strike.
    pub(super) next: Option<Instant>,
}

impl Pulse {
    fn new(now: Instant) -> Self {
        Self {
            interval: Duration::ZERO,
            acknowledged: now,
            unanswered: None,
            paused: None,
        }
    }

    fn beats_again(&mut self, now: Instant) {
        self.acknowledged = now;
        self.unanswered = None;
    }

    /// How long an acknowledgement lasts.
    fn limit(&self, thresholds: &HealthThresholds) -> Duration {
        let two = self.interval.saturating_mul(2);
        thresholds.heartbeat_timeout.max(two)
    }
}

impl Books {
    pub(super) fn connecting(&mut self, number: u32, now: Instant) {
        self.connections.entry(number).or_insert(Connection {
            link: Link::Down { cause: None },
            since: now,
            was_there: false,
        });
        self.count_connections(now);
    }

    pub(super) fn connected(&mut self, number: u32, now: Instant) {
        let connection = Connection {
            link: Link::Up(Pulse::new(now)),
            since: now,
            was_there: true,
        };
        self.connections.insert(number, connection);
        self.count_connections(now);
    }

    pub(super) fn disconnected(&mut self, number: u32, mut cause: DisconnectCause, now: Instant) {
        if let Some(connection) = self.connections.get_mut(&number) {
            if matches!(connection.link, Link::Up(_)) {
                connection.since = now;
            }
            cause.text = shortened(&cause.text);
            connection.link = Link::Down { cause: Some(cause) };
        }
        self.count_connections(now);
    }

    pub(super) fn removed(&mut self, number: u32, now: Instant) {
        if self.connections.remove(&number).is_some() {
            self.emptied = Some(now);
        }
        self.count_connections(now);
    }

    fn count_connections(&mut self, now: Instant) {
        let mut all = self.connections.values();
        let is_missing = !self.connections.is_empty() && all.all(|one| one.pulse().is_none());
        self.none_since = is_missing.then(|| self.none_since.unwrap_or(now));
    }

    fn pulse(&mut self, number: u32) -> Option<&mut Pulse> {
        match &mut self.connections.get_mut(&number)?.link {
            Link::Up(pulse) => Some(pulse),
            Link::Down { .. } => None,
        }
    }

    pub(super) fn is_connected(&self, number: u32) -> bool {
        let connection = self.connections.get(&number);
        connection.is_some_and(|one| one.pulse().is_some())
    }

    pub(super) fn beats_every(&mut self, number: u32, interval: Duration) {
        if let Some(pulse) = self.pulse(number) {
            pulse.interval = interval;
        }
    }

    pub(super) fn beat(&mut self, number: u32, now: Instant) {
        if let Some(pulse) = self.pulse(number) {
            pulse.unanswered = Some(match pulse.unanswered {
                None => (now, false),
                Some((since, _)) => (since, true),
            });
        }
    }

    pub(super) fn answered(&mut self, number: u32, now: Instant) {
        if let Some(pulse) = self.pulse(number) {
            pulse.beats_again(now);
        }
    }

    pub(super) fn paused(&mut self, number: u32, now: Instant) {
        if let Some(pulse) = self.pulse(number) {
            pulse.paused.get_or_insert(now);
        }
    }

    pub(super) fn reads_again(&mut self, number: u32, now: Instant) {
        if let Some(pulse) = self.pulse(number) {
            pulse.paused = None;
            // The answers may wait behind much else.
            pulse.beats_again(now);
        }
    }

    /// When the connection has been without an acknowledgement for too long, as things are.
    pub(super) fn dead_at(&self, number: u32, thresholds: &HealthThresholds) -> Option<Instant> {
        let pulse = self.connections.get(&number)?.pulse()?;
        let limit = pulse.limit(thresholds);
        match pulse.paused {
            Some(_) => None,
            None => pulse.acknowledged.checked_add(limit),
        }
    }

    /// False if there are too many reports already.
    pub(super) fn report(
        &mut self,
        component: &str,
        counts_as: HealthState,
        what: &str,
        now: Instant,
    ) -> bool {
        let component = shortened(component);
        let what = shortened(what);
        if let Some(report) = self.reports.get_mut(&component) {
            if report.counts_as != counts_as {
                report.since = now;
            }
            report.counts_as = counts_as;
            report.what = what;
            return true;
        }
        let has_room = self.reports.len() < COMPONENTS;
        if has_room {
            let report = Report {
                counts_as,
                what,
                since: now,
            };
            self.reports.insert(component, report);
        }
        has_room
    }

    pub(super) fn clear(&mut self, component: &str) {
        self.reports.remove(&shortened(component));
    }

    /// What holds at `now`.
    pub(super) fn judge<'a>(
        &self,
        work: &Work,
        thresholds: &'a HealthThresholds,
        began: Instant,
        now: Instant,
    ) -> Judgement<'a> {
        use HealthState::{Degraded, Starting, Unhealthy};
        let mut judgement = Judgement {
            now,
            thresholds,
            found: Vec::new(),
            next: None,
        };
        if self.connections.is_empty() && thresholds.needs_connection {
            let since = self.emptied.unwrap_or(began);
            judgement.holds(Finding::NoneKnown, Starting, since);
        }
        if let Some(since) = self.none_since {
            let limit = thresholds.heartbeat_timeout;
            judgement.holds_after(limit, Finding::NoneConnected, Unhealthy, since);
        }
        for (number, connection) in &self.connections {
            connection.judge(*number, &mut judgement);
        }
        let last_connected = self
            .connections
            .values()
            .filter_map(Connection::up_since)
            .max();
        if let (Some(limit), Some(connected)) = (thresholds.activity_timeout, last_connected) {
            let since = work
                .last_event
                .map_or(connected, |last| last.max(connected));
            let counts_as = thresholds.quiet_counts_as;
            judgement.holds_after(limit, Finding::Quiet, counts_as, since);
        }
        if let Some(since) = work.failing_since {
            let failures = work.failures;
            judgement.holds(Finding::HandlersFailing { failures }, Degraded, since);
        }
        for (component, report) in &self.reports {
            let finding = Finding::Reported {
                component: component.clone(),
                what: report.what.clone(),
            };
            judgement.holds(finding, report.counts_as, report.since);
        }
        // The worst first, else in the order of the rules.
        judgement
            .found
            .sort_by_key(|found| std::cmp::Reverse(found.reason.counts_as));
        judgement
    }
}

impl Connection {
    fn pulse(&self) -> Option<&Pulse> {
        match &self.link {
            Link::Up(pulse) => Some(pulse),
            Link::Down { .. } => None,
        }
    }

    fn up_since(&self) -> Option<Instant> {
        self.pulse().map(|_| self.since)
    }

    fn judge(&self, connection: u32, judgement: &mut Judgement<'_>) {
        use HealthState::{Degraded, Starting, Unhealthy};
        match &self.link {
            Link::Down { cause } if self.was_there => {
                let cause = cause.clone().unwrap_or_else(|| "".into());
                let finding = Finding::Reconnecting { connection, cause };
                judgement.holds(finding, Degraded, self.since);
            }
            Link::Down { cause } => {
                let cause = cause.clone();
                let finding = Finding::NotConnectedYet { connection, cause };
                judgement.holds(finding, Starting, self.since);
            }
            Link::Up(pulse) => {
                if let Some(since) = pulse.paused {
                    judgement.holds(Finding::Paused { connection }, Degraded, since);
                    return;
                }
                let finding = Finding::HeartbeatTimedOut { connection };
                let limit = pulse.limit(judgement.thresholds);
                let is_dead = judgement.holds_after(limit, finding, Unhealthy, pulse.acknowledged);
                if let Some((since, true)) = pulse.unanswered
                    && !is_dead
                {
                    let finding = Finding::HeartbeatUnanswered { connection };
                    judgement.holds(finding, Degraded, since);
                }
            }
        }
    }
}

impl Judgement<'_> {
    fn holds(&mut self, finding: Finding, counts_as: HealthState, since: Instant) {
        self.holds_after(Duration::ZERO, finding, counts_as, since);
    }

    /// Whether it does.
    fn holds_after(
        &mut self,
        limit: Duration,
        finding: Finding,
        counts_as: HealthState,
        since: Instant,
    ) -> bool {
        // What is beyond the clock does not come.
        let Some(struck) = since.checked_add(limit) else {
            return false;
        };
        let holds = struck <= self.now;
        if holds {
            let reason = HealthReason {
                finding,
                counts_as,
                since,
            };
            self.found.push(Found { reason, struck });
        } else {
            self.next = Some(self.next.map_or(struck, |next| next.min(struck)));
        }
        holds
    }
}

fn shortened(text: &str) -> String {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

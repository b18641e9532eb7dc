//! One gateway connection, from HELLO to its end.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};

use super::connect::{Socket, connect};
use super::ending::{Ended, Ending, Stage, Step};
use super::frame::{self, Dispatch, Frame};
use super::gate::Leave;
use super::heartbeat::{Due, Heartbeat};
use super::shard::Shard;
use crate::watch::ConnectionHealth;

/// The code of our close frames. The protocol is Discord's, where 1000 and 1001 end the session and
/// others leave it to be resumed; the platform's documents do not say.
const SESSION_GOES_ON: u16 = 4000;

/// How a connection begins.
pub(super) enum LogIn<'a> {
    Identify(Leave<'a>),
    Resume { session: String, sequence: u64 },
}

impl LogIn<'_> {
    fn step(&self) -> Step {
        match self {
            Self::Identify(_) => Step::Identify,
            Self::Resume { .. } => Step::Resume,
        }
    }
}

/// A connection and what has come of it so far.
struct Connection<'a> {
    shard: &'a Shard,
    socket: Socket,
    heartbeat: Heartbeat,
    /// An event that has been read and waits for room: then nothing more is read.
    held: Option<Dispatch>,
    /// Whether that happened since the last beat.
    has_paused: bool,
    progressed: bool,
    /// When READY or RESUMED came.
    logged_in: Option<Instant>,
    /// When READY, RESUMED or the next replayed event has to be there.
    log_in_by: Instant,
    reconnects: broadcast::Receiver<Option<u32>>,
    /// A write has failed: what can still be read is read until then, for the reason and the events.
    broken: Option<(Instant, String)>,
}

/// What happens next on a connection.
enum Turn {
    Stop,
    Asked,
    BeatDue,
    LogInOverdue,
    BrokenForLong,
    Room(OwnedSemaphorePermit),
    Read(Option<Result<Message, tungstenite::Error>>),
}

/// Runs one connection; `None` if it was stopped.
pub(super) async fn run(
    shard: &Shard,
    url: &str,
    authorization: &str,
    log_in: LogIn<'_>,
    halt: &mut watch::Receiver<bool>,
) -> Option<Ended> {
    let step = log_in.step();
    let not_begun = |how| Ended {
        how,
        step,
        spoke: false,
        progressed: false,
        lived: None,
    };
    let opened = tokio::select! {
        biased;
        () = halted(halt) => return None,
        opened = open(shard, url) => opened,
    };
    let (socket, interval) = match opened {
        Ok(opened) => opened,
        Err(how) => return Some(not_begun(how)),
    };
    let now = Instant::now();
    let mut connection = Connection {
        shard,
        socket,
        heartbeat: Heartbeat::new(interval, now),
        held: None,
        has_paused: false,
        progressed: false,
        logged_in: None,
        log_in_by: now + shard.timing.log_in,
        reconnects: shard.reconnects.subscribe(),
        broken: None,
    };
    connection.log_in(authorization, log_in).await;
    let how = connection.converse(halt).await;
    let Some(how) = how else {
        connection.close().await;
        return None;
    };
    let ended = Ended {
        how,
        step,
        spoke: true,
        progressed: connection.progressed,
        lived: connection.logged_in.map(|since| since.elapsed()),
    };
    if !matches!(
        ended.how,
        Ending::Closed { .. } | Ending::Lost { .. } | Ending::Dead | Ending::Unacknowledged
    ) {
        connection.close().await;
    }
    Some(ended)
}

/// Waits until a stop is asked for.
pub(crate) async fn halted(halt: &mut watch::Receiver<bool>) {
    if halt.wait_for(|halt| *halt).await.is_err() {
        // Whoever could ask is gone, and so is the future that this is part of.
        std::future::pending::<()>().await;
    }
}

/// Waits until the program asks this shard, or all, for another connection.
async fn asked(reconnects: &mut broadcast::Receiver<Option<u32>>, number: u32) {
    loop {
        match reconnects.recv().await {
            Ok(Some(other)) if other != number => {}
            // One of those that were missed may have been for this one.
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Connects and waits for HELLO; returns the heartbeat's interval.
async fn open(shard: &Shard, url: &str) -> Result<(Socket, Duration), Ending> {
    let mut socket = connect(url, shard.timing.connect).await?;
    let hello_by = Instant::now() + shard.timing.hello;
    loop {
        let read = timeout_at(hello_by, socket.next());
        let stage = Stage::Hello;
        let message = read.await.map_err(|_| Ending::TimedOut { stage })?;
        let Some(text) = text_of(message)? else {
            continue;
        };
        match Frame::parse(&text) {
            Ok(Frame::Hello { interval_ms }) => {
                return Ok((socket, Duration::from_millis(interval_ms)));
            }
            Ok(Frame::Reconnect) => return Err(Ending::Reconnect),
            Ok(_) => {}
            Err(malformed) => shard.malformed(&malformed),
        }
    }
}

/// The text of a frame, if it has one; the end, if it is one.
fn text_of(message: Option<Result<Message, tungstenite::Error>>) -> Result<Option<String>, Ending> {
    match message {
        Some(Ok(Message::Text(text))) => Ok(Some(text.as_str().to_owned())),
        Some(Ok(Message::Binary(bytes))) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Some(Ok(Message::Close(Some(frame)))) => Err(Ending::Closed {
            code: frame.code.into(),
        }),
        Some(Ok(Message::Close(None))) | None => Err(Ending::Lost {
            error: "closed without a reason".to_owned(),
        }),
        Some(Ok(_)) => Ok(None),
        Some(Err(error)) => Err(Ending::Lost {
            error: error.to_string(),
        }),
    }
}

impl Connection<'_> {
    async fn log_in(&mut self, authorization: &str, log_in: LogIn<'_>) {
        let frame = match log_in {
            LogIn::Identify(leave) => {
                leave.use_up();
                frame::identify(authorization, self.shard.intents, self.shard.number_of())
            }
            LogIn::Resume { session, sequence } => frame::resume(authorization, &session, sequence),
        };
        self.write(frame).await;
    }

    /// Reads, beats and hands over until the end; `None` if it was stopped.
    async fn converse(&mut self, halt: &mut watch::Receiver<bool>) -> Option<Ending> {
        loop {
            let turn = {
                let shard = self.shard;
                let is_logged_in = self.logged_in.is_some();
                let is_full = self.held.is_some();
                let beat_by = self.beat_by();
                let broken_until = self.broken.as_ref().map(|(until, _)| *until);
                tokio::select! {
                    biased;
                    () = halted(halt) => Turn::Stop,
                    () = asked(&mut self.reconnects, shard.number) => Turn::Asked,
                    () = sleep_until(beat_by), if broken_until.is_none() => Turn::BeatDue,
                    slot = shard.intake.slot(), if is_full => Turn::Room(slot),
                    message = self.socket.next(), if !is_full => Turn::Read(message),
                    () = sleep_until(self.log_in_by), if !is_logged_in && !is_full => {
                        Turn::LogInOverdue
                    }
                    () = sleep_until(broken_until.unwrap_or(self.log_in_by)),
                        if broken_until.is_some() && !is_full => Turn::BrokenForLong,
                }
            };
            let done = match turn {
                Turn::Stop => return None,
                Turn::Asked => Err(Ending::Asked),
                Turn::BeatDue => self.beat().await,
                Turn::LogInOverdue => Err(Ending::TimedOut {
                    stage: Stage::LogIn,
                }),
                Turn::BrokenForLong => Err(Ending::Lost {
                    error: self
                        .broken
                        .take()
                        .map(|(_, error)| error)
                        .unwrap_or_default(),
                }),
                Turn::Room(slot) => {
                    self.log_in_by = Instant::now() + self.shard.timing.log_in;
                    if let Some(event) = self.held.take() {
                        self.hand_over(event, slot);
                    }
                    Ok(())
                }
                Turn::Read(message) => match text_of(message) {
                    Ok(Some(text)) => self.heard(&text).await,
                    Ok(None) => Ok(()),
                    Err(how) => Err(how),
                },
            };
            if let Err(how) = done {
                return Some(how);
            }
        }
    }

    /// When the next heartbeat is due, or the connection dead without one.
    fn beat_by(&self) -> Instant {
        let next = self.heartbeat.next();
        match self.dead_at() {
            Some(dead_at) if self.held.is_none() => next.min(dead_at),
            _ => next,
        }
    }

    /// When the health checker will call the connection dead, as things are.
    fn dead_at(&self) -> Option<Instant> {
        self.shard.health.as_ref()?.dead_at()
    }

    async fn beat(&mut self) -> Result<(), Ending> {
        if self.held.is_some() {
            let (shard, in_hand) = (self.shard.number, self.shard.intake.in_hand());
            crate::observe::gateway_paused(shard, in_hand);
            self.shard.tell(ConnectionHealth::paused);
        }
        if std::mem::replace(&mut self.has_paused, self.held.is_some()) {
            self.heartbeat.excuse();
            if self.held.is_none() {
                self.shard.tell(ConnectionHealth::reads_again);
            }
        }
        let now = Instant::now();
        if self.dead_at().is_some_and(|dead_at| dead_at <= now) {
            return Err(self.unacknowledged());
        }
        if now < self.heartbeat.next() {
            return Ok(());
        }
        match self.heartbeat.due(now) {
            Due::Dead => Err(Ending::Dead),
            Due::Send => {
                self.send_heartbeat().await;
                self.shard.tell(ConnectionHealth::heartbeat_sent);
                Ok(())
            }
        }
    }

    fn tell_interval(&self) {
        let interval = self.heartbeat.interval();
        self.shard.tell(|health| health.beats_every(interval));
    }

    /// The checker has found the connection dead; that it has is told before the connection's end.
    fn unacknowledged(&self) -> Ending {
        self.shard.tell(ConnectionHealth::check);
        Ending::Unacknowledged
    }

    /// Tells the newest number below which everything has been handled: what the platform may forget.
    async fn send_heartbeat(&mut self) {
        let handled = self.shard.intake.handled(self.shard.number);
        self.write(frame::heartbeat(handled)).await;
    }

    async fn heard(&mut self, text: &str) -> Result<(), Ending> {
        match Frame::parse(text) {
            Ok(Frame::Dispatch(event)) => self.dispatched(event),
            Ok(Frame::HeartbeatWanted) => {
                self.send_heartbeat().await;
                Ok(())
            }
            Ok(Frame::HeartbeatAck) => {
                self.heartbeat.answered();
                self.shard.tell(ConnectionHealth::heartbeat_acknowledged);
                Ok(())
            }
            Ok(Frame::Reconnect) => Err(Ending::Reconnect),
            Ok(Frame::InvalidSession { resumable }) => {
                let code = self.close_code_behind().await;
                Err(Ending::InvalidSession { resumable, code })
            }
            Ok(Frame::Hello { interval_ms }) => {
                let interval = Duration::from_millis(interval_ms);
                self.heartbeat = Heartbeat::new(interval, Instant::now());
                self.tell_interval();
                Ok(())
            }
            Ok(Frame::Other) => Ok(()),
            Err(malformed) => {
                self.shard.malformed(&malformed);
                Ok(())
            }
        }
    }

    fn dispatched(&mut self, event: Dispatch) -> Result<(), Ending> {
        self.shard.tell(ConnectionHealth::activity);
        match event.kind.as_str() {
            "READY" => {
                let session = event.data["session_id"].as_str().unwrap_or_default();
                if session.is_empty() {
                    return Err(Ending::NoSession);
                }
                let sequence = event.sequence.unwrap_or(1);
                self.shard.session_begins(session, sequence);
                self.tell_interval();
                self.logged_in = Some(Instant::now());
            }
            "RESUMED" => {
                self.shard.resumed();
                self.tell_interval();
                self.logged_in = Some(Instant::now());
            }
            _ => self.progressed = true,
        }
        self.log_in_by = Instant::now() + self.shard.timing.log_in;
        if let Some(slot) = self.shard.intake.try_slot() {
            self.hand_over(event, slot);
        } else {
            self.has_paused = true;
            self.held = Some(event);
        }
        Ok(())
    }

    fn hand_over(&self, event: Dispatch, slot: OwnedSemaphorePermit) {
        let replayed = self.logged_in.is_none();
        self.shard
            .intake
            .take_in(self.shard.number, event, slot, replayed);
    }

    /// `INVALID_SESSION` is mostly followed by the close code that tells the real reason.
    async fn close_code_behind(&mut self) -> Option<u16> {
        let by = Instant::now() + self.shard.timing.close_behind_invalid;
        loop {
            match text_of(timeout_at(by, self.socket.next()).await.ok()?) {
                Ok(_) => {}
                Err(Ending::Closed { code }) => return Some(code),
                Err(_) => return None,
            }
        }
    }

    /// Writes, if that is still possible. After a failure the reason may be there to be read.
    async fn write(&mut self, text: String) {
        if self.broken.is_some() {
            return;
        }
        let limit = self.shard.timing.write;
        let error = match timeout(limit, self.socket.send(Message::text(text))).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("a frame could not be written within {limit:?}"),
        };
        self.broken = Some((Instant::now() + limit, error));
    }

    /// Says goodbye, and waits for the answer for a short while.
    async fn close(&mut self) {
        let frame = CloseFrame {
            code: SESSION_GOES_ON.into(),
            reason: "".into(),
        };
        let goodbye = async {
            if self.socket.close(Some(frame)).await.is_ok() {
                while let Some(Ok(_)) = self.socket.next().await {}
            }
        };
        let _ = timeout(self.shard.timing.write, goodbye).await;
    }
}

//! What a test does to the platform, or has it do.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::Platform;
use crate::{
    door::Darkness,
    fault::{Endpoint, Fault},
    forced::{GatewayFault, TokenFault},
    order::Order,
    session::Seat,
    sync::lock,
};

/// Orders to the connected sessions.
impl Platform {
    /// Asks every connected session to reconnect (op 7); says how many there were.
    ///
    /// A client that has not gone 5 s later is closed with 4009.
    pub fn reconnect(&self) -> usize {
        self.order(&Order::Reconnect)
    }

    /// Tells every connected session that it is invalid (op 9); says how many there were.
    ///
    /// Unless `resumable`, every session is forgotten, connected or not, and so are the events
    /// that it had not yet received: they are lost, as on the real platform. Later events wait
    /// for the next session. A client that has not gone 5 s later is closed with 4009 if it may
    /// resume, with 4006 otherwise.
    pub fn invalidate_sessions(&self, resumable: bool) -> usize {
        self.order(&Order::Invalidate {
            resumable,
            code: None,
        })
    }

    /// As [`invalidate_sessions`](Self::invalidate_sessions), and closes with this code 200 ms
    /// later: op 9 is often followed by the close code that says why.
    pub fn invalidate_then_close(&self, resumable: bool, code: u16) -> usize {
        self.order(&Order::Invalidate {
            resumable,
            code: Some(code),
        })
    }

    /// Closes every connected session with this close code; says how many there were.
    ///
    /// The sessions stay resumable: whether a client resumes after the code is its own decision.
    pub fn close_sessions(&self, code: u16) -> usize {
        self.order(&Order::Close { code })
    }

    /// Stops acknowledging heartbeats on every connected session; says how many there were.
    /// Everything else goes on.
    pub fn stop_acks(&self) -> usize {
        self.order(&Order::StopAcks)
    }

    /// Asks for another number of shards from now on, and closes every connected session with 4011
    /// (sharding required); says how many there were.
    pub fn reshard(&self, shards: u32) -> usize {
        self.core.shards.store(shards, Ordering::Relaxed);
        self.close_sessions(4011)
    }

    /// Leaves every connected session half-open; says how many there were.
    ///
    /// TCP stays up, but nothing is answered, written or closed any more, not even a close frame,
    /// until the client hangs up. The sessions count as disconnected: they stay resumable and
    /// collect events.
    pub fn go_silent(&self) -> usize {
        self.order(&Order::GoSilent)
    }

    /// Writes the first half of a frame to every connected session and resets the connection;
    /// says how many there were. The sessions stay resumable, and the frame is no part of them.
    pub fn tear_mid_frame(&self) -> usize {
        self.order(&Order::TearMidFrame)
    }

    /// Resets the connection (TCP RST) of every connected session; says how many there were. The
    /// sessions stay resumable.
    pub fn tear_connections(&self) -> usize {
        self.order(&Order::Tear)
    }

    /// Asks every connected session for a heartbeat (op 1); says how many there were.
    pub fn ask_for_heartbeat(&self) -> usize {
        self.order(&Order::AskForHeartbeat)
    }

    /// Gives an order to the connected sessions of one shard of one bot; says how many there were.
    ///
    /// # Panics
    ///
    /// If the platform does not know the bot.
    pub fn order_shard(&self, app_id: &str, shard: u32, order: &Order) -> usize {
        let bot = self.known_bot(app_id);
        let seat = Seat { bot, shard };
        self.core.sessions.order(order, Some(seat))
    }

    pub(crate) fn order(&self, order: &Order) -> usize {
        self.core.sessions.order(order, None)
    }
}

/// Faults of what is still to come.
impl Platform {
    /// Lets the next send call meet this fault, whatever the plan says; further calls queue up.
    pub fn force(&self, fault: Fault) {
        self.core.forced.push(fault, 1);
    }

    /// Forgets what [`force`](Self::force) has queued and no call has met yet.
    pub fn clear_forced(&self) {
        self.core.forced.clear();
    }

    /// Lets the next call to `endpoint`, which is not a send, meet this fault; further calls queue up.
    /// The token endpoint has faults of its own: [`force_token`](Self::force_token).
    ///
    /// [`Fault::ErrorBody`] is for every such call; otherwise the fault has to
    /// [fit](Fault::fits).
    pub fn force_on(&self, endpoint: Endpoint, fault: Fault) {
        lock(&self.core.forced_calls)
            .entry(endpoint)
            .or_default()
            .push_back(fault);
    }

    /// Lets the next gateway connections meet this fault, so many of them; further calls queue up.
    /// `usize::MAX` is for ever, that is, until
    /// [`clear_gateway_faults`](Self::clear_gateway_faults).
    pub fn force_gateway(&self, fault: GatewayFault, times: usize) {
        self.core.forced_gateway.push(fault, times);
    }

    /// Forgets the gateway faults that are queued. Connections that are open keep theirs.
    pub fn clear_gateway_faults(&self) {
        self.core.forced_gateway.clear();
    }

    /// Lets the next requests to the token endpoint meet this fault, so many of them; further calls
    /// queue up. `usize::MAX` is for ever, that is, until
    /// [`clear_token_faults`](Self::clear_token_faults).
    pub fn force_token(&self, fault: TokenFault, times: usize) {
        self.core.forced_token.push(fault, times);
    }

    /// Forgets the faults that are queued for the token endpoint.
    pub fn clear_token_faults(&self) {
        self.core.forced_token.clear();
    }

    /// Makes the HTTP API refuse every access token issued so far.
    pub fn expire_tokens(&self) {
        self.core.tokens.revoke_all();
    }

    /// Makes the gateway refuse, with 4004, every access token issued so far. The token endpoint
    /// hands out new ones, which are accepted; the HTTP API goes on accepting the old ones.
    pub fn refuse_tokens_at_gateway(&self) {
        self.core.tokens.bar_all_from_gateway();
    }

    /// Bans the bots: closes every connected session with this code (4914 and 4915 are the
    /// platform's), and answers every IDENTIFY and RESUME with it. Says how many sessions there
    /// were.
    pub fn ban(&self, code: u16) -> usize {
        *lock(&self.core.ban) = Some(code);
        self.order(&Order::Close { code })
    }

    /// Lets the bots in again.
    pub fn lift_ban(&self) {
        *lock(&self.core.ban) = None;
    }

    /// Takes the platform away for a while: resets every connection, to the gateway and to the
    /// API, and refuses new ones until it listens again on the same port.
    ///
    /// It is away when this returns. Await the result to wait until it is back; if the platform
    /// goes dark again meanwhile, the later call decides. Sessions survive or not by
    /// [`PlatformOptions::sessions_survive_dark`](crate::PlatformOptions::sessions_survive_dark).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn go_dark(&self, away_for: Duration) -> Darkness {
        let closed = self.core.door.close();
        if !self.core.options.sessions_survive_dark {
            self.core.sessions.forget_all();
        }
        let core = Arc::clone(&self.core);
        Darkness(self.core.spawn_until_shutdown(async move {
            tokio::time::sleep(away_for).await;
            core.door.reopen(closed).await;
        }))
    }
}

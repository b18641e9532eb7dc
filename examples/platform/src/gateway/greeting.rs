//! IDENTIFY and RESUME: how a conversation gets its session.

use serde_json::{Value, json};

use super::{BAD_SESSION, Conversation, End};
use crate::{
    api::bearer,
    forced::GatewayFault,
    order::close_reason,
    session::{IdentifyRefusal, ResumeRefusal},
    sync::lock,
};

const BAD_TOKEN: u16 = 4004;
const BAD_SEQUENCE: u16 = 4007;
const BAD_SHARD: u16 = 4010;
const CANNOT_BEGIN: u16 = 4903;

/// The frame by which a client wants its session.
#[derive(Clone, Copy)]
enum Wish<'frame> {
    Begin,
    Continue { session: &'frame str },
}

impl Conversation {
    pub(super) async fn identify(&mut self, data: &Value) -> Result<(), End> {
        let token = token(data);
        let holder = self.core.tokens.holder(token);
        let shard = shard(data);
        let app_id = holder.map(|bot| self.core.app_id(bot));
        self.record.identify_came(app_id, shard);
        if self.befalls(Wish::Begin).await? {
            return Ok(());
        }
        let Some(bot) = self.admit(holder, token).await? else {
            return Ok(());
        };
        if shard.0 >= shard.1 {
            return self.close(BAD_SHARD, "shard invalid").await;
        }
        let beginning = match self.core.sessions.identify(bot, shard) {
            Ok(beginning) => beginning,
            Err(refusal) => {
                if refusal == IdentifyRefusal::TooFast {
                    self.record.broke_concurrency();
                }
                self.send(&json!({"op": 9, "d": false})).await?;
                return self.close(CANNOT_BEGIN, "create session error").await;
            }
        };
        if beginning.too_fast {
            self.record.broke_concurrency();
        }
        self.core.ledger.identified();
        let mut ready = json!({
            "op": 0,
            "s": 1,
            "t": "READY",
            "d": {
                "version": 1,
                "session_id": beginning.link.session,
                "user": {"id": self.core.app_id(bot), "username": "loopback", "bot": true},
                "shard": [shard.0, shard.1],
            },
        });
        if self.fault == Some(GatewayFault::BadReady)
            && let Some(data) = ready["d"].as_object_mut()
        {
            data.remove("session_id");
        }
        self.link = Some(beginning.link);
        self.record.sends_ready();
        self.send(&ready).await?;
        self.send_due(u64::MAX).await
    }

    pub(super) async fn resume(&mut self, data: &Value) -> Result<(), End> {
        let token = token(data);
        let holder = self.core.tokens.holder(token);
        let session = data["session_id"].as_str().unwrap_or_default();
        let seen = data["seq"].as_u64().unwrap_or_default();
        let app_id = holder.map(|bot| self.core.app_id(bot));
        self.record.resume_came(app_id, seen);
        if self.befalls(Wish::Continue { session }).await? {
            return Ok(());
        }
        let Some(bot) = self.admit(holder, token).await? else {
            return Ok(());
        };
        match self.core.sessions.resume(bot, session, seen) {
            Ok(resumption) => {
                self.core.ledger.resumed();
                self.record.resumed(resumption.link.shard);
                self.link = Some(resumption.link);
                self.send_due(resumption.resumed_as).await?;
                self.send(&json!({"op": 0, "s": resumption.resumed_as, "t": "RESUMED", "d": ""}))
                    .await?;
                self.send_due(u64::MAX).await
            }
            Err(ResumeRefusal::SequenceAhead) => self.close(BAD_SEQUENCE, "seq invalid").await,
            Err(ResumeRefusal::UnknownSession) => {
                self.send(&json!({"op": 9, "d": false})).await?;
                self.close(BAD_SESSION, "session no longer valid").await
            }
        }
    }

    /// The bot that may come in, if it may; if not, it has been told.
    async fn admit(&mut self, holder: Option<usize>, token: &str) -> Result<Option<usize>, End> {
        let ban = *lock(&self.core.ban);
        if let Some(code) = ban {
            self.close(code, close_reason(code)).await?;
        }
        let bot = holder.filter(|_| self.core.tokens.opens_gateway(token));
        if bot.is_none() {
            self.close(BAD_TOKEN, "authentication fail").await?;
        }
        Ok(bot)
    }

    /// Lets the connection's fault befall the frame; whether nothing is left to be done with it.
    async fn befalls(&mut self, wish: Wish<'_>) -> Result<bool, End> {
        match (self.fault, wish) {
            (Some(GatewayFault::NoReady), _) => return Ok(true),
            (Some(GatewayFault::CloseOnIdentify(code)), Wish::Begin)
            | (Some(GatewayFault::CloseOnResume(code)), Wish::Continue { .. }) => {
                self.close(code, close_reason(code)).await?;
            }
            (
                Some(GatewayFault::InvalidThenClose {
                    on_identify: true,
                    resumable,
                    code,
                    ..
                }),
                Wish::Begin,
            ) => self.invalidate(resumable, code).await?,
            (
                Some(GatewayFault::InvalidThenClose {
                    on_resume: true,
                    resumable,
                    code,
                    ..
                }),
                Wish::Continue { session },
            ) => {
                if !resumable {
                    self.core.sessions.forget(session);
                }
                self.invalidate(resumable, code).await?;
            }
            (Some(GatewayFault::SlowReady(late_by)), _) => self.pass(late_by).await?,
            _ => {}
        }
        Ok(false)
    }
}

fn token(data: &Value) -> &str {
    bearer(data["token"].as_str().unwrap_or_default())
}

/// The shard that an IDENTIFY names; the only one where it names none.
fn shard(data: &Value) -> (u32, u32) {
    let number = |index: usize| u32::try_from(data["shard"][index].as_u64()?).ok();
    match (number(0), number(1)) {
        (Some(index), Some(count)) => (index, count),
        _ => (0, 1),
    }
}

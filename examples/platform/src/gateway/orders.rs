//! What the platform has a conversation do, beside answering.

use axum::extract::ws::Message;
use serde_json::json;

use super::{BAD_SESSION, CODE_AFTER, Conversation, End, SESSION_TIMED_OUT};
use crate::order::{Order, close_reason};

impl Conversation {
    /// Carries out an order. Where it ends the conversation, the session lives on without it.
    pub(super) async fn obey(&mut self, order: Order) -> Result<(), End> {
        match order {
            Order::Reconnect => {
                self.send_due(u64::MAX).await?;
                self.let_go();
                self.send(&json!({"op": 7})).await?;
                self.see_out(SESSION_TIMED_OUT).await
            }
            Order::Invalidate { resumable, code } => self.invalidate(resumable, code).await,
            Order::Close { code } => self.close(code, close_reason(code)).await,
            Order::StopAcks => {
                self.acknowledges = false;
                Ok(())
            }
            Order::AskForHeartbeat => self.send(&json!({"op": 1})).await,
            Order::Raw(text) => {
                let frame = Message::Text(text.as_ref().into());
                Ok(self.socket.send(frame).await?)
            }
            Order::GoSilent => {
                self.let_go();
                self.wire.silence();
                while let Some(Ok(_)) = self.socket.recv().await {}
                Err(End)
            }
            Order::TearMidFrame => {
                self.let_go();
                let frame = json!({"op": 0, "t": "TORN", "d": {"content": "never to be read"}});
                let frame = frame.to_string();
                self.wire.cut_after(frame.len() / 2);
                // It fails half-way, as it should.
                let _ = self.socket.send(Message::Text(frame.into())).await;
                self.reset().await
            }
            Order::Tear => {
                self.let_go();
                self.wire.tear();
                Err(End)
            }
        }
    }

    /// Says that the session is invalid, and why, if there is a code for it.
    pub(super) async fn invalidate(
        &mut self,
        resumable: bool,
        code: Option<u16>,
    ) -> Result<(), End> {
        self.let_go();
        self.send(&json!({"op": 9, "d": resumable})).await?;
        if let Some(code) = code {
            self.pass(CODE_AFTER).await?;
            return self.close(code, "session invalid").await;
        }
        let code = if resumable {
            SESSION_TIMED_OUT
        } else {
            BAD_SESSION
        };
        self.see_out(code).await
    }
}

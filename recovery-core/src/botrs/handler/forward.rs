//! The `EventHandler` that stands between botrs and the author's.

use std::sync::{Arc, Mutex};

use ::botrs::forum::{ForumAuditResult, OpenThread, Post, Reply, Thread};
use ::botrs::interaction::Interaction;
use ::botrs::manage::{
    C2CManageEvent, EnterAioEvent, GroupManageEvent, SubscribeMessageStatusData,
};
use ::botrs::models::gateway::GatewayEvent;
use ::botrs::{
    Audio, BotError, C2CMessage, Channel, Context, EventHandler, GroupMessage, Guild, Member,
    Message, MessageAudit, MessageDelete, PublicAudio, Reaction, Ready,
};
use tokio::sync::oneshot;

use super::HandlerLimits;
use super::lanes::Lanes;
use super::run::{Call, report, run};
use crate::botrs::intake::{FENCE_OPCODE, Intake, PROBE_OPCODE};
use crate::botrs::sync::lock;
use crate::botrs::{Messenger, Replayed, ReplyTarget};

/// The context that a client hands to handlers.
pub(crate) type Probe = oneshot::Sender<Context>;

/// Takes what botrs calls, and lets it run when the fence behind the event comes.
pub(crate) struct Forwarder<H> {
    handler: Arc<H>,
    intake: Arc<Intake>,
    lanes: Arc<Lanes>,
    limits: HandlerLimits,
    messenger: Messenger,
    /// What was called since the last fence.
    called: Mutex<Option<Call<H>>>,
    probe: Mutex<Option<Probe>>,
}

impl<H: EventHandler + 'static> Forwarder<H> {
    pub(crate) fn new(
        handler: Arc<H>,
        intake: Arc<Intake>,
        lanes: Arc<Lanes>,
        limits: HandlerLimits,
        messenger: Messenger,
        probe: Probe,
    ) -> Self {
        Self {
            handler,
            intake,
            lanes,
            limits,
            messenger,
            called: Mutex::default(),
            probe: Mutex::new(Some(probe)),
        }
    }

    fn keep<F>(&self, call: impl FnOnce(Arc<H>) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        *lock(&self.called) = Some(Box::new(|handler, _| Box::pin(call(handler))));
    }

    /// As [`keep`](Self::keep), for a message that can be replied to: a replayed one is replied to
    /// under the same numbers as before.
    fn keep_message<F>(&self, target: ReplyTarget, call: impl FnOnce(Arc<H>) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let messenger = self.messenger.clone();
        *lock(&self.called) = Some(Box::new(|handler, replayed| {
            Box::pin(async move {
                let replayed = if replayed {
                    Replayed::Yes
                } else {
                    Replayed::No
                };
                messenger.event_begins(&target, replayed);
                call(handler).await;
            })
        }));
    }

    fn passed(&self, generation: u64) {
        let call = lock(&self.called).take();
        if let Some(waiting) = self.intake.outlet.passed(generation) {
            if waiting.replayed
                && let Some(id) = &waiting.event.id
            {
                self.messenger.event_begins_anew(id);
            }
            let lane = waiting.conversation.clone();
            let handler = Arc::clone(&self.handler);
            self.lanes
                .put(lane, run(handler, call, waiting, self.limits.timeout));
        }
    }
}

/// The methods that are forwarded as they are.
macro_rules! forwarded {
    ($($method:ident($($value:ident: $type:ty)?);)*) => {
        // Each method of the trait has a default body, so one that botrs adds would be swallowed here
        // without a word. This makes it an error of the gate.
        #[deny(clippy::missing_trait_methods)]
        #[async_trait::async_trait]
        impl<H: EventHandler + 'static> EventHandler for Forwarder<H> {
            $(
                async fn $method(&self, ctx: Context $(, $value: $type)?) {
                    self.keep(async move |handler: Arc<H>| handler.$method(ctx $(, $value)?).await);
                }
            )*

            async fn message_create(&self, ctx: Context, message: Message) {
                let target = ReplyTarget::from(&message);
                self.keep_message(target, async move |handler: Arc<H>| {
                    handler.message_create(ctx, message).await;
                });
            }

            async fn direct_message_create(&self, ctx: Context, message: Message) {
                let target = ReplyTarget::from(&message);
                self.keep_message(target, async move |handler: Arc<H>| {
                    handler.direct_message_create(ctx, message).await;
                });
            }

            async fn group_message_create(&self, ctx: Context, message: GroupMessage) {
                let target = ReplyTarget::from(&message);
                self.keep_message(target, async move |handler: Arc<H>| {
                    handler.group_message_create(ctx, message).await;
                });
            }

            async fn c2c_message_create(&self, ctx: Context, message: C2CMessage) {
                let target = ReplyTarget::from(&message);
                self.keep_message(target, async move |handler: Arc<H>| {
                    handler.c2c_message_create(ctx, message).await;
                });
            }

            async fn message_audit_pass(&self, ctx: Context, audit: MessageAudit) {
                self.messenger.audit_result(&audit, true);
                self.keep(async move |handler: Arc<H>| handler.message_audit_pass(ctx, audit).await);
            }

            async fn message_audit_reject(&self, ctx: Context, audit: MessageAudit) {
                self.messenger.audit_result(&audit, false);
                self.keep(async move |handler: Arc<H>| handler.message_audit_reject(ctx, audit).await);
            }

            async fn unknown_event(&self, ctx: Context, event: GatewayEvent) {
                match event.opcode {
                    FENCE_OPCODE => self.passed(event.sequence.unwrap_or_default()),
                    PROBE_OPCODE => {
                        if let Some(probe) = lock(&self.probe).take() {
                            let _ = probe.send(ctx);
                        }
                    }
                    _ => self.keep(async move |handler: Arc<H>| {
                        handler.unknown_event(ctx, event).await;
                    }),
                }
            }

            async fn error(&self, error: BotError) {
                let limit = self.limits.timeout;
                self.keep(async move |handler: Arc<H>| report(&handler, error, limit).await);
            }
        }
    };
}

forwarded! {
    ready(ready: Ready);
    resumed();
    direct_message_delete(message: MessageDelete);
    message_delete(message: MessageDelete);
    public_message_delete(message: MessageDelete);
    message_reaction_add(reaction: Reaction);
    message_reaction_remove(reaction: Reaction);
    interaction_create(interaction: Interaction);
    audio_start(audio: Audio);
    audio_finish(audio: Audio);
    on_mic(audio: Audio);
    off_mic(audio: Audio);
    guild_create(guild: Guild);
    guild_update(guild: Guild);
    guild_delete(guild: Guild);
    channel_create(channel: Channel);
    channel_update(channel: Channel);
    channel_delete(channel: Channel);
    guild_member_add(member: Member);
    guild_member_update(member: Member);
    guild_member_remove(member: Member);
    friend_add(event: C2CManageEvent);
    friend_del(event: C2CManageEvent);
    c2c_msg_reject(event: C2CManageEvent);
    c2c_msg_receive(event: C2CManageEvent);
    subscribe_message_status(event: SubscribeMessageStatusData);
    enter_aio(event: EnterAioEvent);
    group_add_robot(event: GroupManageEvent);
    group_del_robot(event: GroupManageEvent);
    group_msg_reject(event: GroupManageEvent);
    group_msg_receive(event: GroupManageEvent);
    audio_or_live_channel_member_enter(audio: PublicAudio);
    audio_or_live_channel_member_exit(audio: PublicAudio);
    forum_thread_create(thread: Thread);
    forum_thread_update(thread: Thread);
    forum_thread_delete(thread: Thread);
    forum_post_create(post: Post);
    forum_post_delete(post: Post);
    forum_reply_create(reply: Reply);
    forum_reply_delete(reply: Reply);
    forum_publish_audit_result(result: ForumAuditResult);
    open_forum_thread_create(thread: OpenThread);
    open_forum_thread_update(thread: OpenThread);
    open_forum_thread_delete(thread: OpenThread);
    open_forum_post_create(thread: OpenThread);
    open_forum_post_delete(thread: OpenThread);
    open_forum_reply_create(thread: OpenThread);
    open_forum_reply_delete(thread: OpenThread);
}

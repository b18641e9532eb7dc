//! The smallest bot on an unmodified botrs: replies once to everything that it hears.
//!
//! It has no recovery of any kind, so it does well only where nothing fails:
//!
//! ```text
//! cargo build -p loopback-platform --examples --bins
//! target/debug/loopback-platform --fault-rate 0 -- target/debug/examples/echo
//! ```

use botrs::{
    C2CMessage, Client, Context, EventHandler, GroupMessage, Intents, Message, Token,
    models::message::DirectMessageParams,
};

struct Echo;

fn report(result: Result<impl Sized, botrs::BotError>) {
    if let Err(error) = result {
        eprintln!("echo: {error}");
    }
}

#[async_trait::async_trait]
impl EventHandler for Echo {
    async fn message_create(&self, ctx: Context, message: Message) {
        let content = message.content.clone().unwrap_or_default();
        report(message.reply(ctx.api(), content.trim()).await);
    }

    async fn direct_message_create(&self, ctx: Context, message: Message) {
        // `Message::reply` would go to the channel; a direct message is answered by its guild.
        let Some(guild) = &message.guild_id else {
            return;
        };
        let answer = DirectMessageParams {
            msg_id: message.id.clone(),
            ..DirectMessageParams::new_text(message.content.clone().unwrap_or_default())
        };
        report(ctx.api().send_direct_message(guild, answer).await);
    }

    async fn group_message_create(&self, ctx: Context, message: GroupMessage) {
        let content = message.content.clone().unwrap_or_default();
        report(message.reply(ctx.api(), content.trim()).await);
    }

    async fn c2c_message_create(&self, ctx: Context, message: C2CMessage) {
        let content = message.content.clone().unwrap_or_default();
        report(message.reply(ctx.api(), content.trim()).await);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let token = Token::new(
        std::env::var("QQ_BOT_APP_ID")?,
        std::env::var("QQ_BOT_SECRET")?,
    );
    let intents = Intents::default()
        .with_public_guild_messages()
        .with_direct_message()
        .with_public_messages();
    let mut client = Client::new(token, intents, Echo, false)?;
    tokio::select! {
        ended = client.start() => ended?,
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

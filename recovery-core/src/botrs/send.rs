//! What an answer to a send means.

use botrs::BotError;
use botrs::models::api::MessageResponse;

/// Turns the answer that botrs takes for success, although the platform refused, into the error
/// that it is: HTTP 200 with an error body becomes `BotError::Api` with the platform's code.
///
/// # Errors
/// The refusal, with the platform's code and message.
///
/// ```
/// use botrs::{BotError, models::api::MessageResponse};
/// use recovery_core::{Classify, ErrorKind, botrs::accepted};
///
/// let mut answer = MessageResponse::default();
/// answer.extra.insert("code".into(), 50_055_001.into());
/// answer.extra.insert("message".into(), "system busy".into());
///
/// let error = accepted(answer).unwrap_err();
/// assert!(matches!(&error, BotError::Api { code: 50_055_001, .. }));
/// assert_eq!(error.kind(), ErrorKind::Server);
/// ```
pub fn accepted(answer: MessageResponse) -> Result<MessageResponse, BotError> {
    if answer.id.is_some() {
        return Ok(answer);
    }
    let code = ["err_code", "code"]
        .iter()
        .find_map(|key| answer.extra.get(*key)?.as_u64());
    match code {
        None | Some(0) => Ok(answer),
        Some(code) => {
            let message = answer
                .extra
                .get("message")
                .and_then(|message| message.as_str());
            Err(BotError::Api {
                code: u32::try_from(code).unwrap_or(u32::MAX),
                message: message.unwrap_or("refused without a message").to_owned(),
            })
        }
    }
}

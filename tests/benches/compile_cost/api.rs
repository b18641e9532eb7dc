//! A client whose calls suspend, and the one error of all of them.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use recovery_core::{Classify, ErrorKind};

pub struct Client;

pub struct Reply {
    pub status: u16,
    pub body: String,
}

pub enum ApiError {
    Lost,
    Slow,
    TooMany { seconds: u64 },
    Status(u16),
    Empty,
    Refused(String),
}

impl Client {
    pub async fn get(&self, path: &str, key: &str) -> Result<Reply, ApiError> {
        let mut polls = 0;
        poll_fn(|context| self.poll(path, key, &mut polls, context)).await
    }

    pub async fn post(&self, path: &str, body: &str) -> Result<Reply, ApiError> {
        let mut polls = 1;
        poll_fn(|context| self.poll(path, body, &mut polls, context)).await
    }

    pub async fn page(&self, path: &str, key: &str, page: u16) -> Result<Reply, ApiError> {
        let mut polls = page;
        poll_fn(|context| self.poll(path, key, &mut polls, context)).await
    }

    #[cold]
    #[inline(never)]
    fn poll(
        &self,
        path: &str,
        input: &str,
        polls: &mut u16,
        context: &mut Context<'_>,
    ) -> Poll<Result<Reply, ApiError>> {
        *polls += 1;
        if *polls < 3 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(match input.len() {
            0 => Err(ApiError::Empty),
            1 => Err(ApiError::Lost),
            2 => Err(ApiError::Slow),
            3 => Err(ApiError::TooMany { seconds: 1 }),
            4 => Err(ApiError::Status(503)),
            5 => Err(ApiError::Refused(path.to_owned())),
            _ => Ok(Reply {
                status: 200,
                body: input.to_owned(),
            }),
        })
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str("the connection was lost"),
            Self::Slow => f.write_str("no answer in time"),
            Self::TooMany { seconds } => write!(f, "too many calls; again in {seconds} s"),
            Self::Status(status) => write!(f, "answered with status {status}"),
            Self::Empty => f.write_str("an empty answer"),
            Self::Refused(reason) => write!(f, "refused: {reason}"),
        }
    }
}

impl Classify for ApiError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Lost => ErrorKind::Network,
            Self::Slow => ErrorKind::Timeout,
            Self::TooMany { .. } => ErrorKind::RateLimited,
            Self::Status(500..=599) => ErrorKind::Server,
            Self::Status(_) | Self::Empty => ErrorKind::Other,
            Self::Refused(_) => ErrorKind::InvalidInput,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooMany { seconds } => Some(Duration::from_secs(*seconds)),
            _ => None,
        }
    }
}

//! An HTTP server on 127.0.0.1 that answers as it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a request gets.
#[derive(Clone, Copy)]
pub(super) enum Reply {
    /// A status line with its headers, and a body.
    Answer(&'static str, &'static str),
    /// Never an answer.
    Hang,
    /// The end of the connection.
    Close,
}

/// Each request gets the next reply; the last reply for ever.
pub(super) struct Server {
    pub(super) address: String,
    requests: Arc<Mutex<Vec<Value>>>,
}

impl Server {
    pub(super) async fn start(replies: &[Reply]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::<Mutex<Vec<Value>>>::default();
        let (seen, mut replies) = (Arc::clone(&requests), VecDeque::from(replies.to_vec()));
        tokio::spawn(async move {
            let mut hanging = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(body) = read(&mut stream).await else {
                    continue;
                };
                seen.lock().unwrap().push(body);
                let last = replies.len() == 1;
                let reply = if last {
                    replies[0]
                } else {
                    replies.pop_front().unwrap()
                };
                match reply {
                    Reply::Answer(head, body) => {
                        let length = body.len();
                        let text = format!(
                            "HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
                        );
                        let _ = stream.write_all(text.as_bytes()).await;
                    }
                    Reply::Hang => hanging.push(stream),
                    Reply::Close => {}
                }
            }
        });
        Self { address, requests }
    }

    /// The bodies of all requests so far.
    pub(super) fn requests(&self) -> Vec<Value> {
        self.requests.lock().unwrap().clone()
    }
}

/// The JSON of one POST; `None` if it is none.
async fn read(stream: &mut TcpStream) -> Option<Value> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let length = stream.read(&mut chunk).await.ok()?;
        bytes.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str(body)
        {
            let head = head.to_lowercase();
            assert!(head.starts_with("post /hook?key=hush http/1.1"), "{head}");
            assert!(head.contains("content-type: application/json"), "{head}");
            return Some(body);
        }
        if length == 0 {
            return None;
        }
    }
}

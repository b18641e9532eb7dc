//! A headless Chromium, spoken to by the `DevTools` protocol of Chrome.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// No step of a test takes longer.
const PATIENCE: Duration = Duration::from_secs(120);
const PLACES: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
/// Nothing but this machine is asked for anything. The pages are our own, so no sandbox is needed, which
/// root could not have.
const ARGUMENTS: [&str; 13] = [
    "--headless",
    "--remote-debugging-port=0",
    "--no-sandbox",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--lang=en-US",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
];

/// One tab of a browser of its own, which is killed when this is dropped.
pub(crate) struct Page {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: Option<String>,
    calls: u64,
    complaints: Vec<String>,
    _browser: Browser,
}

/// The processes of a browser, which end with this, however far the test has come.
struct Browser {
    child: Child,
    _profile: TempDir,
}

impl Page {
    /// An empty tab, or nothing where there is no Chromium.
    ///
    /// # Panics
    /// Where there is none though the variable `REQUIRE_CHROMIUM` is 1.
    pub(crate) async fn open() -> Option<Self> {
        let Some(program) = chromium() else {
            let is_required = std::env::var("REQUIRE_CHROMIUM").is_ok_and(|value| value == "1");
            assert!(
                !is_required,
                "there is no Chromium: install it, or name it in CHROMIUM"
            );
            eprintln!("SKIPPED: there is no Chromium; install it, or name it in CHROMIUM");
            return None;
        };
        Some(
            timeout(PATIENCE, Self::start(&program))
                .await
                .expect("Chromium starts in time"),
        )
    }

    async fn start(program: &Path) -> Self {
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let mut command = Command::new(program);
        command
            .args(ARGUMENTS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut browser = Browser {
            child: command.spawn().expect("Chromium starts"),
            _profile: profile,
        };
        let told = browser.child.stderr.take().expect("it is piped");
        let mut lines = BufReader::new(told).lines();
        let address = loop {
            let line = lines.next_line().await.expect("text");
            let line = line.expect("Chromium says where it listens");
            if let Some((_, address)) = line.split_once("DevTools listening on ") {
                break address.to_owned();
            }
        };
        // What is not read any more must not hold it up.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let (socket, _) = connect_async(address.trim())
            .await
            .expect("Chromium listens");
        let mut page = Self {
            socket,
            session: None,
            calls: 0,
            complaints: Vec::new(),
            _browser: browser,
        };
        let target = page
            .call("Target.createTarget", json!({"url": "about:blank"}))
            .await;
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let attached = page.call("Target.attachToTarget", target).await;
        page.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log"] {
            page.call(&format!("{domain}.enable"), json!({})).await;
        }
        page
    }

    /// Does something, and returns what came of it.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut call = json!({"id": id, "method": method, "params": params});
        if let Some(session) = &self.session {
            call["sessionId"] = session.as_str().into();
        }
        let answered = timeout(PATIENCE, async {
            self.socket
                .send(Message::text(call.to_string()))
                .await
                .expect("Chromium listens");
            loop {
                let message = self
                    .socket
                    .next()
                    .await
                    .expect("Chromium lives")
                    .expect("a message");
                let Ok(told) = serde_json::from_str::<Value>(message.to_text().unwrap_or_default())
                else {
                    continue;
                };
                if told["id"] == id {
                    assert!(told["error"].is_null(), "{method}: {told}");
                    return told["result"].clone();
                }
                self.complaints.extend(complaint(&told));
            }
        });
        answered
            .await
            .unwrap_or_else(|_| panic!("{method} is not answered"))
    }

    pub(crate) async fn visit(&mut self, url: &str) {
        self.call("Page.navigate", json!({"url": url})).await;
        self.until("document.readyState === 'complete'").await;
    }

    /// The value of an expression in the page.
    pub(crate) async fn value(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", params).await;
        assert!(
            result["exceptionDetails"].is_null(),
            "{expression}: {result}"
        );
        result["result"]["value"].clone()
    }

    pub(crate) async fn text(&mut self, expression: &str) -> String {
        let value = self.value(expression).await;
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until it is true.
    pub(crate) async fn until(&mut self, expression: &str) {
        let expression = format!("Boolean({expression})");
        let came = timeout(PATIENCE, async {
            while self.value(&expression).await != true {
                sleep(Duration::from_millis(50)).await;
            }
        });
        if came.await.is_err() {
            let page = self.text("document.body.innerText").await;
            panic!("it does not become true: {expression}; the page says:\n{page}");
        }
    }

    /// A window of this size, by the light of the day or of the night.
    pub(crate) async fn look(&mut self, (width, height): (u32, u32), scheme: &str) {
        let is_phone = width < 640;
        let size = json!({"width": width, "height": height, "deviceScaleFactor": if is_phone { 2 } else { 1 }, "mobile": is_phone});
        self.call("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", scheme).await;
    }

    /// What the browser wishes to read: the page's `navigator.language`.
    pub(crate) async fn read_in(&mut self, language: &str) {
        let agent = json!({"userAgent": "test", "acceptLanguage": language});
        self.call("Emulation.setUserAgentOverride", agent).await;
    }

    /// A picture of the window, or of all of the page.
    pub(crate) async fn picture(&mut self, is_whole: bool) -> Vec<u8> {
        let whole = json!({"format": "png", "captureBeyondViewport": is_whole});
        let taken = self.call("Page.captureScreenshot", whole).await;
        from_base64(taken["data"].as_str().expect("a picture"))
    }

    /// The errors, exceptions and warnings so far.
    pub(crate) async fn complaints(&mut self) -> Vec<String> {
        self.value("0").await; // what was told before this has been read then
        std::mem::take(&mut self.complaints)
    }
}

impl Drop for Browser {
    /// With the processes that it has started, before its profile goes.
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            let group = nix::unistd::Pid::from_raw(id);
            let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        }
        let _ = self.child.start_kill();
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let places = PLACES.iter().map(PathBuf::from);
    named.into_iter().chain(places).find(|path| path.is_file())
}

fn from_base64(text: &str) -> Vec<u8> {
    let (mut bits, mut known, mut bytes) = (0_u32, 0, Vec::with_capacity(text.len()));
    for digit in text.bytes().filter(|digit| *digit != b'=') {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        (bits, known) = (bits << 6 | u32::from(value), known + 6);
        if known >= 8 {
            known -= 8;
            bytes.push((bits >> known).to_le_bytes()[0]);
        }
    }
    bytes
}

fn complaint(told: &Value) -> Option<String> {
    let params = &told["params"];
    let is_bad = match told["method"].as_str()? {
        "Runtime.exceptionThrown" => true,
        "Runtime.consoleAPICalled" => params["type"] == "error" || params["type"] == "warning",
        "Log.entryAdded" => {
            params["entry"]["level"] == "error" || params["entry"]["level"] == "warning"
        }
        _ => false,
    };
    is_bad.then(|| params.to_string())
}

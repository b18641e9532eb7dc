//! What the page shows, and how it bears the program's end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use axum::response::IntoResponse;
use recovery_core::state::SaveStatus;
use recovery_core::status::{Status, StatusServer, router};
use recovery_core::watch::{ErrorMonitor, HealthChecker, HealthState};
use recovery_core::{CircuitBreaker, ErrorKind, RetryBudget, retry};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::browser::Page;

const MARKUP: &str = "<script>document.title='stolen'</script><img src=x>";

#[retry(max = 2, initial = 1ms, name = "<script>document.title='stolen'</script><img src=x>")]
async fn always_fails() -> std::io::Result<()> {
    Err(std::io::ErrorKind::TimedOut.into())
}

struct Shop {
    orders: Arc<AtomicU64>,
    health: HealthChecker,
    status: Status,
}

impl Shop {
    async fn open() -> Self {
        always_fails().await.expect_err("as its name says");
        let orders = Arc::new(AtomicU64::new(1_234));
        let counted = Arc::clone(&orders);
        let health = HealthChecker::new();
        health.connection(0).connected();
        let monitor = ErrorMonitor::new(5, Duration::from_secs(60));
        for kind in [
            ErrorKind::Timeout,
            ErrorKind::Timeout,
            ErrorKind::RateLimited,
        ] {
            monitor.record(MARKUP, kind);
        }
        let status = Status::builder("shop <b>")
            .version("1.2.3")
            .health(health.clone())
            .errors(monitor)
            .counter("orders", move || counted.load(Relaxed))
            .breaker("payments", Arc::new(CircuitBreaker::new()))
            .budget("mail", Arc::new(RetryBudget::new(20)))
            .saves(|| {
                let mut status = SaveStatus::default();
                status.saves = 7;
                status
            })
            .build();
        Self {
            orders,
            health,
            status,
        }
    }

    /// Serves at `address`, until told to end.
    async fn serve(
        &self,
        address: SocketAddr,
    ) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
        let server = StatusServer::bind(address)
            .await
            .expect("the address is free");
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        let serving = server.serve(self.status.clone(), async {
            let _ = stopped.await;
        });
        let serving = tokio::spawn(async { serving.await.expect("it serves") });
        (address, stop, serving)
    }
}

fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// The text beside a name.
fn shown(id: &str) -> String {
    format!(
        "document.querySelector({})?.textContent",
        serde_json::json!(format!("[data-value=\"{id}\"]"))
    )
}

#[tokio::test]
async fn the_page_says_what_the_sources_say_and_markup_in_names_stays_text() {
    let Some(mut page) = Page::open().await else {
        return;
    };
    let shop = Shop::open().await;
    let (address, _stop, _) = shop.serve(anywhere()).await;
    page.visit(&format!("http://{address}/")).await;
    page.until("document.getElementById('state').textContent")
        .await;
    for (id, text) in [
        ("counter.orders", "1,234"),
        ("kind.Timeout", "2"),
        ("kind.RateLimited", "1"),
        ("errors.total", "3"),
        ("breaker.payments", "closed"),
        ("budget.mail", "20 / 20"),
        ("saves.saves", "7"),
        ("saves.last", "none yet"),
    ] {
        assert_eq!(page.text(&shown(id)).await, text, "{id}");
    }
    assert_eq!(
        page.text("document.getElementById('name').textContent")
            .await,
        "shop <b>"
    );
    assert_eq!(
        page.text("document.getElementById('state').textContent")
            .await,
        "Healthy"
    );
    assert!(
        page.text("document.getElementById('about').textContent")
            .await
            .contains("1.2.3")
    );
    let all = page.text("document.body.textContent").await;
    assert!(all.contains(MARKUP), "{all}");
    assert_eq!(
        page.value("document.querySelectorAll('main script, main img').length")
            .await,
        0
    );
    let site = "document.querySelector('#retries tbody th').firstChild.textContent";
    assert_eq!(page.text(site).await, MARKUP);
    assert_eq!(page.text("document.title").await, "Healthy · shop <b>");

    shop.health
        .report("disk", HealthState::Degraded, "is <i>full</i>");
    page.until("document.getElementById('state').textContent === 'Degraded'")
        .await;
    assert!(
        page.text("document.getElementById('reasons').textContent")
            .await
            .contains("is <i>full</i>")
    );
    assert_eq!(page.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn charts_move_with_the_values_and_a_fresh_page_knows_the_past() {
    let Some(mut page) = Page::open().await else {
        return;
    };
    let shop = Shop::open().await;
    let (address, _stop, _) = shop.serve(anywhere()).await;
    let url = format!("http://{address}/");
    page.visit(&url).await;
    let line = "document.querySelector('[data-chart=errorsChart] .line.s1')?.getAttribute('d')";
    page.until(&format!("{line}?.includes('L')")).await;
    let flat = page.text(line).await;
    for _ in 0..5 {
        always_fails().await.expect_err("as its name says");
    }
    let retries = "parseFloat(document.querySelectorAll('[data-chart=errorsChart] .legend b')[1].textContent)";
    let flat = serde_json::json!(flat);
    page.until(&format!("{retries} > 0 && {line} !== {flat}"))
        .await;
    let described =
        "document.querySelector('[data-chart=errorsChart] svg').getAttribute('aria-label')";
    assert!(page.text(described).await.contains("peak"));
    let mark = "document.querySelector('[data-value=\"saves.saves\"]').isMarked";
    page.value(&format!("{mark} = true")).await;
    shop.orders.store(2_000, Relaxed);
    page.until(&format!("{} === '2,000'", shown("counter.orders")))
        .await;
    let is_kept = page.value(mark).await;
    assert_eq!(is_kept, true, "what has not changed can stay selected");

    // Its first answer is enough for a line.
    page.visit("about:blank").await;
    page.visit(&url).await;
    page.until("document.getElementById('state').textContent")
        .await;
    let points = page.text(line).await.matches(['M', 'L']).count();
    assert!(points >= 3, "{points} points");
    assert_eq!(page.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn it_speaks_the_readers_language_and_remembers_another_choice() {
    let Some(mut page) = Page::open().await else {
        return;
    };
    let shop = Shop::open().await;
    let (address, _stop, _) = shop.serve(anywhere()).await;
    let url = format!("http://{address}/");
    let state = "document.getElementById('state').textContent";
    page.read_in("zh-CN").await;
    page.visit(&url).await;
    page.until(&format!("{state} === '健康'")).await;
    assert_eq!(page.text("document.documentElement.lang").await, "zh-CN");
    assert_eq!(page.text(&shown("breaker.payments")).await, "闭合");

    page.value("document.getElementById('language').click()")
        .await;
    page.until(&format!("{state} === 'Healthy'")).await;
    page.visit(&url).await;
    page.until(&format!("{state} === 'Healthy'")).await;
    let words = "Object.keys(WORDS.en).filter((key) => !(key in WORDS.zh)).join()";
    assert_eq!(page.text(words).await, "", "each word is there in both");
    assert_eq!(page.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_is_said_in_the_readers_language_with_the_programs_own_words_beside() {
    let Some(mut page) = Page::open().await else {
        return;
    };
    let shop = Shop::open().await;
    shop.health
        .connection(0)
        .disconnected("closed with 4009 (session timed out)");
    let (address, _stop, _) = shop.serve(anywhere()).await;
    page.read_in("zh-CN").await;
    page.visit(&format!("http://{address}/")).await;
    page.until("document.querySelector('#reasons li')").await;
    let reason = "document.querySelector('#reasons li').textContent";
    let reason = page.text(reason).await;
    assert!(reason.starts_with("连接 0 正在重连已持续"), "{reason}");
    assert!(reason.contains("closed with 4009"), "{reason}");
    // What the page has no words for is shown as the program says it.
    let unknown = "finding({ kind: 'new', counts_as: 'new', text: 'as it says', for_ms: 0 }).text";
    assert_eq!(page.text(unknown).await, "as it says");
    let cause = "causeLines({ name: 'lost', text: 'reset' }).join() + causeLines({ name: 'new', text: 'reset' })";
    assert_eq!(page.text(cause).await, "连接中断,resetreset");
    for number in 1..100 {
        let connection = shop.health.connection(number);
        connection.connected();
        connection.disconnected("lost");
    }
    page.until("report.health.reasons.length === 100").await;
    let all = "[...document.querySelectorAll('#reasons li')].map((line) => line.firstChild.textContent).join()";
    assert_eq!(page.text(all).await, "连接 0 正在重连，另有 99 个");
    for kind in [
        "none_known",
        "not_connected_yet",
        "reconnecting",
        "none_connected",
        "heartbeat_unanswered",
        "heartbeat_timed_out",
        "paused",
        "quiet",
        "handlers_failing",
        "reported",
    ] {
        let has = format!("Boolean(WORDS.en.findings.{kind} && WORDS.zh.findings.{kind})");
        assert_eq!(page.value(&has).await, true, "{kind}");
    }
    assert_eq!(page.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn trouble_that_the_health_checker_does_not_know_is_told_at_the_top() {
    let Some(mut page) = Page::open().await else {
        return;
    };
    let breaker = Arc::new(CircuitBreaker::new());
    let monitor = ErrorMonitor::new(1, Duration::from_secs(60));
    let failing = Arc::new(AtomicU64::new(0));
    let saves = Arc::clone(&failing);
    let status = Status::builder("shop")
        .errors(monitor.clone())
        .breaker("payments", Arc::clone(&breaker))
        .budget("mail", Arc::new(RetryBudget::new(0)))
        .saves(move || {
            let mut status = SaveStatus::default();
            status.failing_since = (saves.load(Relaxed) > 0).then(tokio::time::Instant::now);
            status
        })
        .build();
    let server = StatusServer::bind(anywhere())
        .await
        .expect("the address is free");
    let url = format!("http://{}/", server.local_addr());
    tokio::spawn(server.serve(status, std::future::pending()));
    page.visit(&url).await;
    page.until("!document.getElementById('well').hidden").await;
    monitor.record("send", ErrorKind::Timeout);
    failing.store(1, Relaxed);
    let told = "[...document.querySelectorAll('#reasons li')].map((line) => line.firstChild.textContent).join('; ')";
    let all = "Too many errors: 1 within 1 min; The state cannot be saved";
    page.until(&format!("{told} === '{all}'")).await;
    assert_eq!(
        page.value("document.getElementById('well').hidden").await,
        true
    );
}

#[tokio::test]
async fn an_answer_that_is_not_understood_is_told_and_survived() {
    let Some(mut page) = Page::open().await else {
        return;
    };
    let mood = Arc::new(AtomicU64::new(0));
    let moods = Arc::clone(&mood);
    let bodies = ["<html>", "null", "{\"run\": 1}"];
    let garble = move |request: axum::extract::Request, next: axum::middleware::Next| {
        let which = moods.load(Relaxed);
        async move {
            let is_data = request.uri().path() == "/status.json";
            match usize::try_from(which).expect("a small number") {
                0 => next.run(request).await,
                which if is_data => bodies[which - 1].into_response(),
                _ => next.run(request).await,
            }
        }
    };
    let shop = Shop::open().await;
    let router = router(shop.status.clone()).layer(axum::middleware::from_fn(garble));
    let listener = tokio::net::TcpListener::bind(anywhere())
        .await
        .expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    page.visit(&url).await;
    let notice = "document.getElementById('lost')";
    for which in 1..=3 {
        page.until(&format!("report && {notice}.hidden")).await;
        mood.store(which, Relaxed);
        page.until(&format!("!{notice}.hidden")).await;
        assert_eq!(page.text(&shown("counter.orders")).await, "1,234");
        mood.store(0, Relaxed);
    }
    page.until(&format!("{notice}.hidden")).await;
    assert_eq!(page.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_wider_than_a_phone() {
    let Some(mut page) = Page::open().await else {
        return;
    };
    let shop = Shop::open().await;
    shop.health.report(
        "a-component-with-a-name-that-is-longer-than-any-phone-is-wide",
        HealthState::Degraded,
        &"endless".repeat(30),
    );
    let (address, _stop, _) = shop.serve(anywhere()).await;
    for language in ["en", "zh"] {
        page.read_in(language).await;
        for width in [320, 375, 700, 1280] {
            page.look((width, 800), "dark").await;
            page.visit(&format!("http://{address}/")).await;
            page.until("document.querySelector('#reasons li')").await;
            let overflow =
                "document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(page.value(overflow).await, 0, "{language}, {width} px");
            let hidden = "[...document.querySelectorAll('main *')].filter((node) => node.getClientRects().length && node.getBoundingClientRect().right > innerWidth + 1 && !node.closest('thead')).map((node) => node.outerHTML).join()";
            assert_eq!(page.text(hidden).await, "", "{language}, {width} px");
        }
    }
}

#[tokio::test]
async fn it_notices_that_the_program_is_gone_and_comes_back() {
    let Some(mut page) = Page::open().await else {
        return;
    };
    let first = Shop::open().await;
    let (address, stop, served) = first.serve(anywhere()).await;
    page.visit(&format!("http://{address}/")).await;
    page.until("document.getElementById('state').textContent")
        .await;
    assert_eq!(page.complaints().await, Vec::<String>::new());

    stop.send(()).expect("it serves");
    served.await.expect("it ends");
    let notice = "document.getElementById('lost')";
    page.until(&format!(
        "!{notice}.hidden && {notice}.textContent.startsWith('Connection lost.')"
    ))
    .await;
    assert!(page.text("document.title").await.starts_with('⚠'));
    assert_eq!(
        page.text(&shown("counter.orders")).await,
        "1,234",
        "the last values stay"
    );

    // Another process in its place, which counts from the beginning.
    let next = Shop::open().await;
    next.orders.store(9, Relaxed);
    let (_, _stop, _) = next.serve(address).await;
    page.until(&format!(
        "{notice}.hidden && {} === '9'",
        shown("counter.orders")
    ))
    .await;
    page.until("samples.length > 0 && samples[0].number === 1")
        .await;
    let said = page.complaints().await;
    let others: Vec<_> = said
        .iter()
        .filter(|line| !line.contains("ERR_CONNECTION"))
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

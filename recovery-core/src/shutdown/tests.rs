//! The wish to end, without signals; those are tested on a process, in the package `tests`.

use super::*;

#[tokio::test]
async fn what_asked_first_is_told_to_all_and_for_ever() {
    let shutdown = Shutdown::without_signals();
    assert!(!shutdown.is_requested());
    let early = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { shutdown.requested().await }
    });
    tokio::task::yield_now().await;
    shutdown.begin(ShutdownSignal::Terminate);
    shutdown.begin(ShutdownSignal::Interrupt);
    shutdown.request();
    assert_eq!(early.await.unwrap(), ShutdownSignal::Terminate);
    assert_eq!(shutdown.requested().await, ShutdownSignal::Terminate);
    assert_eq!(
        shutdown.clone().requested().await,
        ShutdownSignal::Terminate
    );
    shutdown.cancelled().await;
}

#[tokio::test(start_paused = true)]
async fn waiting_can_be_given_up_and_begun_again() {
    let shutdown = Shutdown::without_signals();
    for _ in 0..3 {
        let waited = tokio::time::timeout(std::time::Duration::from_secs(1), shutdown.requested());
        assert!(waited.await.is_err());
    }
    shutdown.request();
    assert_eq!(shutdown.requested().await, ShutdownSignal::Requested);
}

#[test]
fn exit_codes_are_those_of_the_shell() {
    assert_eq!(ShutdownSignal::Interrupt.exit_code(), 130);
    assert_eq!(ShutdownSignal::Terminate.exit_code(), 143);
}

/// Asks the server.
#[retryable_on(@consumed)]
///
///Retried: up to 4 attempts on `Network`; waits 200 ms, 400 ms, 800 ms (+ up to 25 %); at most 1.75 s of waiting.
pub async fn ask() -> io::Result<()> {
    static __RECOVERY_STATS: ::recovery_core::__private::SiteStats = ::recovery_core::__private::SiteStats::new();
    static __RECOVERY_SITE: ::recovery_core::__private::Site = ::recovery_core::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::ask"),
            ::recovery_core::__private::policy(
                ::recovery_core::RetryConfig::builder()
                    .max_attempts(4u32)
                    .initial_delay(::core::time::Duration::new(0u64, 200000000u32))
                    .max_delay(::core::time::Duration::new(5u64, 0u32)),
            ),
        )
        .retry_on(&[::recovery_core::ErrorKind::Network])
        .counted(&__RECOVERY_STATS);
    let mut __progress = ::recovery_core::__private::Progress::START;
    loop {
        let __delay = {
            let __result: io::Result<()> = if true {
                connect().await
            } else {
                ::recovery_core::__private::never::<io::Result<()>>()
            };
            let __site = &__RECOVERY_SITE;
            let ::core::result::Result::Err(__error) = __result else {
                ::recovery_core::__private::Progress::succeeded(&__progress, __site);
                break __result;
            };
            let __owned = __error;
            let __error = &__owned;
            let __verdict = ::recovery_core::__private::Verdict::ByKind;
            let __ask = {
                ::recovery_core::__private::classified(__error);
                (
                    ::recovery_core::__private::Probe::new(__error).recovery_class(),
                    ::recovery_core::__private::Probe::new(__error).recovery_text(),
                )
            };
            match ::recovery_core::__private::Site::after_error(
                __site,
                &mut __progress,
                __owned,
                __verdict,
                __ask,
            ) {
                ::core::result::Result::Ok(__delay) => __delay,
                ::core::result::Result::Err(__error) => {
                    break ::core::result::Result::Err(__error);
                }
            }
        };
        ::recovery_core::__private::wait(__delay).await;
    }
}

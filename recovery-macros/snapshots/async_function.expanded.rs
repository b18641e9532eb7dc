#[retryable_on(@consumed)]
async fn send(&self, channel: &str, text: &str) -> Result<MessageResponse, BotError> {
    static __RECOVERY_STATS: ::recovery_core::__private::SiteStats = ::recovery_core::__private::SiteStats::new();
    static __RECOVERY_SITE: ::recovery_core::__private::Site = ::recovery_core::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::send"),
            ::recovery_core::__private::policy(
                ::recovery_core::RetryConfig::builder()
                    .max_attempts(3u32)
                    .backoff(::recovery_core::Backoff::Exponential(2f64))
                    .jitter(::recovery_core::Jitter::Proportional(0.25f64)),
            ),
        )
        .retry_on(
            &[::recovery_core::ErrorKind::Network, ::recovery_core::ErrorKind::Timeout],
        )
        .counted(&__RECOVERY_STATS);
    let mut __progress = ::recovery_core::__private::Progress::START;
    loop {
        let __delay = {
            let __result: Result<MessageResponse, BotError> = if true {
                self.api.send_message(channel, MessageParams::new_text(text)).await
            } else {
                ::recovery_core::__private::never::<Result<MessageResponse, BotError>>()
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

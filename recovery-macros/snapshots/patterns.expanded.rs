async fn by_predicate(&self) -> Result<(), ApiError> {
    static __RECOVERY_STATS: ::recovery_core::__private::SiteStats = ::recovery_core::__private::SiteStats::new();
    static __RECOVERY_SITE: ::recovery_core::__private::Site = ::recovery_core::__private::Site::new(
            "call",
            ::recovery_core::__private::policy(::recovery_core::RetryConfig::builder()),
        )
        .counted(&__RECOVERY_STATS);
    let mut __progress = ::recovery_core::__private::Progress::START;
    loop {
        let __delay = {
            let __result: Result<(), ApiError> = if true {
                self.call().await
            } else {
                ::recovery_core::__private::never::<Result<(), ApiError>>()
            };
            let __site = &__RECOVERY_SITE;
            let ::core::result::Result::Err(__error) = __result else {
                ::recovery_core::__private::Progress::succeeded(&__progress, __site);
                break __result;
            };
            let __owned = __error;
            let __error = &__owned;
            let __verdict = ::recovery_core::__private::Verdict::when(
                ::recovery_core::__private::holds(__error, self.is_busy),
            );
            let __ask = (
                ::recovery_core::__private::Probe::new(__error).recovery_class(),
                ::recovery_core::__private::Probe::new(__error).recovery_text(),
            );
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
#[retryable_on(@consumed)]
async fn by_patterns(&self) -> Result<(), ApiError> {
    static __RECOVERY_STATS: ::recovery_core::__private::SiteStats = ::recovery_core::__private::SiteStats::new();
    static __RECOVERY_SITE: ::recovery_core::__private::Site = ::recovery_core::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::by_patterns"),
            ::recovery_core::__private::policy(::recovery_core::RetryConfig::builder()),
        )
        .retry_on(&[::recovery_core::ErrorKind::Network])
        .except(&[::recovery_core::ErrorKind::Timeout])
        .counted(&__RECOVERY_STATS);
    let mut __progress = ::recovery_core::__private::Progress::START;
    loop {
        let __delay = {
            let __result: Result<(), ApiError> = if true {
                self.call().await
            } else {
                ::recovery_core::__private::never::<Result<(), ApiError>>()
            };
            let __site = &__RECOVERY_SITE;
            let ::core::result::Result::Err(__error) = __result else {
                ::recovery_core::__private::Progress::succeeded(&__progress, __site);
                break __result;
            };
            let __owned = __error;
            let __error = &__owned;
            let __verdict = if ::core::matches!(
                __error, ApiError::Lost { sent } if * sent
            ) {
                ::recovery_core::__private::Verdict::Except
            } else if ::core::matches!(__error, ApiError::Status(502 | 503)) {
                ::recovery_core::__private::Verdict::Retry
            } else {
                ::recovery_core::__private::Verdict::ByKind
            };
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

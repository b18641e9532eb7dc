async fn call(&self) -> io::Result<()> {
    'call: {
        let (__error, __reason) = 'stopped: {
            static __RECOVERY_STATS: ::recovery_core::__private::SiteStats = ::recovery_core::__private::SiteStats::new();
            static __RECOVERY_SITE: ::recovery_core::__private::Site = ::recovery_core::__private::Site::new(
                    ::core::concat!(::core::module_path!(), "::call"),
                    ::recovery_core::__private::policy(
                        ::recovery_core::RetryConfig::builder(),
                    ),
                )
                .counted(&__RECOVERY_STATS);
            let mut __progress = ::recovery_core::__private::Progress::START;
            loop {
                let __delay = {
                    let __result: io::Result<()> = if true {
                        self.connect().await
                    } else {
                        ::recovery_core::__private::never::<io::Result<()>>()
                    };
                    let __site = &__RECOVERY_SITE;
                    let ::core::result::Result::Err(__error) = __result else {
                        ::recovery_core::__private::Progress::succeeded(
                            &__progress,
                            __site,
                        );
                        break 'call __result;
                    };
                    let __kept = __error;
                    let __error = &__kept;
                    let __verdict = ::recovery_core::__private::Verdict::ByKind;
                    let __ask = {
                        ::recovery_core::__private::classified(__error);
                        (
                            ::recovery_core::__private::Probe::new(__error)
                                .recovery_class(),
                            ::recovery_core::__private::Probe::new(__error)
                                .recovery_text(),
                        )
                    };
                    let __decision = ::recovery_core::__private::Site::after_failure(
                        __site,
                        &mut __progress,
                        __error,
                        __verdict,
                        __ask,
                    );
                    let __delay = match __decision {
                        ::core::result::Result::Ok(__delay) => __delay,
                        ::core::result::Result::Err(__reason) => {
                            break 'stopped (__kept, __reason);
                        }
                    };
                    __delay
                };
                ::recovery_core::__private::wait(__delay).await;
            }
        };
        let __answer = ::recovery_core::__private::fall_back::<
            _,
            _,
            _,
        >(
            __error,
            __reason,
            ::recovery_core::__private::NoHistory,
            |error| self.cached(error),
        );
        let __later = ::recovery_core::__private::Answer::new(__answer)
            .recovery_answer();
        __later.await
    }
}

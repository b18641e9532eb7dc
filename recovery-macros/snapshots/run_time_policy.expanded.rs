async fn call(&self) -> io::Result<()> {
    static __RECOVERY_STATS: ::recovery_core::__private::SiteStats = ::recovery_core::__private::SiteStats::new();
    static __RECOVERY_SITE: ::recovery_core::__private::Site = ::recovery_core::__private::Site::named(
            ::core::concat!(::core::module_path!(), "::call"),
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
                ::recovery_core::__private::Progress::succeeded(&__progress, __site);
                break __result;
            };
            let __shared = &self.config;
            let __config: &::recovery_core::RetryConfig = __shared;
            let __site = &::recovery_core::__private::Site::with_config(
                __site,
                ::recovery_core::__private::policy(
                    ::recovery_core::RetryConfig::to_builder(__config)
                        .max_attempts(self.attempts),
                ),
            );
            let __kept = __error;
            let __error = &__kept;
            let __verdict = ::recovery_core::__private::Verdict::ByKind;
            let __ask = {
                ::recovery_core::__private::classified(__error);
                (
                    ::recovery_core::__private::Probe::new(__error).recovery_class(),
                    ::recovery_core::__private::Probe::new(__error).recovery_text(),
                )
            };
            let __failed = __progress;
            let __decision = ::recovery_core::__private::Site::after_failure(
                __site,
                &mut __progress,
                __error,
                __verdict,
                __ask,
            );
            let __delay = match __decision {
                ::core::result::Result::Ok(__delay) => __delay,
                ::core::result::Result::Err(_) => {
                    break ::core::result::Result::Err(__kept);
                }
            };
            ::recovery_core::__private::call_hook(
                &::recovery_core::__private::Site::attempt(
                    __site,
                    __failed,
                    __error,
                    __ask,
                    __delay,
                    ::core::option::Option::None,
                ),
                |failed| self.report(failed),
            );
            __delay
        };
        ::recovery_core::__private::wait(__delay).await;
    }
}

async fn call(&self) -> io::Result<()> {
    static __RECOVERY_STATS: ::recovery_core::__private::SiteStats = ::recovery_core::__private::SiteStats::new();
    static __RECOVERY_SITE: ::recovery_core::__private::Site = ::recovery_core::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::call"),
            ::recovery_core::__private::policy(
                ::recovery_core::RetryConfig::builder().max_attempts(4294967295u32),
            ),
        )
        .counted(&__RECOVERY_STATS);
    let mut __progress = ::recovery_core::__private::Progress::START;
    let __shared = &self.budget;
    let __budget: &::recovery_core::RetryBudget = __shared;
    let mut __brakes = ::recovery_core::__private::Brakes::NONE
        .deadline(::core::time::Duration::new(60u64, 0u32))
        .budget(__budget);
    loop {
        let __delay = {
            let __result: io::Result<()> = if true {
                self.connect().await
            } else {
                ::recovery_core::__private::never::<io::Result<()>>()
            };
            let __site = &__RECOVERY_SITE;
            let ::core::result::Result::Err(__error) = __result else {
                ::recovery_core::__private::Brakes::succeeded(
                    &__brakes,
                    ::recovery_core::__private::Admission::FREE,
                );
                ::recovery_core::__private::Progress::succeeded(&__progress, __site);
                break __result;
            };
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
            let __decision = ::recovery_core::__private::Brakes::after_failure(
                &mut __brakes,
                __site,
                &mut __progress,
                __error,
                __verdict,
                __ask,
                ::recovery_core::__private::Admission::FREE,
            );
            let __delay = match __decision {
                ::core::result::Result::Ok(__delay) => __delay,
                ::core::result::Result::Err(_) => {
                    break ::core::result::Result::Err(__kept);
                }
            };
            __delay
        };
        ::recovery_core::__private::wait(__delay).await;
    }
}

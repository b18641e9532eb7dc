fn call(&self, n: u32) -> impl Future<Output = io::Result<u32>> + Send {
    let client = self.client.clone();
    async move {
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
                let __result: io::Result<u32> = {
                    let mut n = ::recovery_core::__private::again(n);
                    if true {
                        n += 1;
                        client.connect(n).await
                    } else {
                        ::recovery_core::__private::never::<io::Result<u32>>()
                    }
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
}

fn read(path: &Path) -> io::Result<Config> {
    static __RECOVERY_STATS: ::recovery_core::__private::SiteStats = ::recovery_core::__private::SiteStats::new();
    static __RECOVERY_SITE: ::recovery_core::__private::Site = ::recovery_core::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::read"),
            ::recovery_core::__private::policy(::recovery_core::RetryConfig::builder()),
        )
        .counted(&__RECOVERY_STATS);
    let mut __progress = ::recovery_core::__private::Progress::START;
    loop {
        let __delay = {
            let __result: io::Result<Config> = ::recovery_core::__private::attempt(|| -> io::Result<
                Config,
            > {
                let text = fs::read_to_string(path)?;
                Ok(text.parse()?)
            });
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
        ::recovery_core::__private::wait_blocking(__delay);
    }
}

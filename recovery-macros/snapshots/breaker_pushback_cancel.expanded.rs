async fn call(&self) -> io::Result<()> {
    'call: {
        static __RECOVERY_STATS: ::recovery_core::__private::SiteStats = ::recovery_core::__private::SiteStats::new();
        static __RECOVERY_SITE: ::recovery_core::__private::Site = ::recovery_core::__private::Site::new(
                ::core::concat!(::core::module_path!(), "::call"),
                ::recovery_core::__private::policy(
                    ::recovery_core::RetryConfig::builder(),
                ),
            )
            .counted(&__RECOVERY_STATS);
        let mut __progress = ::recovery_core::__private::Progress::START;
        let __shared = &self.breaker;
        let __breaker: &::recovery_core::CircuitBreaker = __shared;
        let __shared = &self.pushback;
        let __pushback: &::recovery_core::Pushback = __shared;
        let __cancel = &self.shutdown;
        let mut __brakes = ::recovery_core::__private::Brakes::NONE
            .breaker(__breaker)
            .pushback(__pushback);
        let mut __admission = match ::recovery_core::__private::Brakes::admit_at_once(
            &__brakes,
        ) {
            ::core::option::Option::Some(__admission) => __admission,
            ::core::option::Option::None => {
                match {
                    let __site = &__RECOVERY_SITE;
                    ::recovery_core::__private::Brakes::admit(
                            &__brakes,
                            __site,
                            __cancel.cancelled(),
                        )
                        .await
                } {
                    ::core::result::Result::Ok(__admission) => __admission,
                    ::core::result::Result::Err(__refused) => {
                        break 'call ::core::result::Result::Err(
                            ::recovery_core::__private::not_attempted(__refused),
                        );
                    }
                }
            }
        };
        loop {
            let (__kept, __delay) = {
                let __result: io::Result<()> = if true {
                    self.connect().await
                } else {
                    ::recovery_core::__private::never::<io::Result<()>>()
                };
                let __site = &__RECOVERY_SITE;
                let ::core::result::Result::Err(__error) = __result else {
                    ::recovery_core::__private::Brakes::succeeded(
                        &__brakes,
                        __admission,
                    );
                    ::recovery_core::__private::Progress::succeeded(&__progress, __site);
                    break 'call __result;
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
                    __admission,
                );
                let __delay = match __decision {
                    ::core::result::Result::Ok(__delay) => __delay,
                    ::core::result::Result::Err(_) => {
                        break 'call ::core::result::Result::Err(__kept);
                    }
                };
                (__kept, __delay)
            };
            __admission = match ::recovery_core::__private::Brakes::wait(
                    &__brakes,
                    __delay,
                    __cancel.cancelled(),
                )
                .await
            {
                ::core::result::Result::Ok(__admission) => __admission,
                ::core::result::Result::Err(__reason) => {
                    let __site = &__RECOVERY_SITE;
                    let __error = &__kept;
                    ::recovery_core::__private::Brakes::ended(
                        &__brakes,
                        __site,
                        __progress,
                        __delay,
                        __error,
                        {
                            ::recovery_core::__private::classified(__error);
                            (
                                ::recovery_core::__private::Probe::new(__error)
                                    .recovery_class(),
                                ::recovery_core::__private::Probe::new(__error)
                                    .recovery_text(),
                            )
                        },
                        __reason,
                    );
                    break 'call ::core::result::Result::Err(__kept);
                }
            };
        }
    }
}

fn call<'life0, 'async_trait>(
    &'life0 self,
    n: u32,
) -> Pin<Box<dyn Future<Output = io::Result<u32>> + Send + 'async_trait>>
where
    'life0: 'async_trait,
    Self: 'async_trait,
{
    Box::pin(async move {
        let __self = self;
        let n = n;
        let __ret: io::Result<u32> = {
            static __RECOVERY_STATS: ::recovery_core::__private::SiteStats = ::recovery_core::__private::SiteStats::new();
            static __RECOVERY_SITE: ::recovery_core::__private::Site = ::recovery_core::__private::Site::named(
                    ::core::concat!(::core::module_path!(), "::call"),
                )
                .counted(&__RECOVERY_STATS);
            let mut __progress = ::recovery_core::__private::Progress::START;
            loop {
                let __delay = {
                    let __result: io::Result<u32> = {
                        let mut n = ::recovery_core::__private::again(n);
                        async {
                            if false {
                                return ::recovery_core::__private::never::<
                                    io::Result<u32>,
                                >();
                            }
                            if true {
                                n += 1;
                                __self.connect(n).await?;
                                Ok(n)
                            } else {
                                ::recovery_core::__private::never::<io::Result<u32>>()
                            }
                        }
                            .await
                    };
                    let __site = &__RECOVERY_SITE;
                    let ::core::result::Result::Err(__error) = __result else {
                        ::recovery_core::__private::Progress::succeeded(
                            &__progress,
                            __site,
                        );
                        break __result;
                    };
                    let __shared = &__self.config;
                    let __config: &::recovery_core::RetryConfig = __shared;
                    let __site = &::recovery_core::__private::Site::with_config(
                        __site,
                        ::core::clone::Clone::clone(__config),
                    );
                    let __owned = __error;
                    let __error = &__owned;
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
        };
        #[allow(unreachable_code)] __ret
    })
}

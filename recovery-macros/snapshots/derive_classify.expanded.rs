#[classify(Other)]
enum ApiError<T> {
    #[classify(RateLimited, retry_after = wait, effect = none)]
    TooMany { wait: Option<Duration> },
    #[classify(transparent)]
    Io(io::Error),
    Strange(T),
}
#[automatically_derived]
#[allow(deprecated, unused_qualifications)]
impl<T> ::recovery_core::Classify for ApiError<T> {
    fn kind(&self) -> ::recovery_core::ErrorKind {
        match self {
            Self::TooMany { .. } => ::recovery_core::ErrorKind::RateLimited,
            Self::Io { 0: inner } => {
                <io::Error as ::recovery_core::Classify>::kind(inner)
            }
            Self::Strange { .. } => ::recovery_core::ErrorKind::Other,
        }
    }
    fn retry_after(&self) -> ::core::option::Option<::core::time::Duration> {
        match self {
            Self::TooMany { wait: wait } => ::recovery_core::__private::asked(wait),
            Self::Io { 0: inner } => {
                <io::Error as ::recovery_core::Classify>::retry_after(inner)
            }
            Self::Strange { .. } => ::core::option::Option::None,
        }
    }
    fn effect(&self) -> ::recovery_core::Effect {
        match self {
            Self::TooMany { .. } => ::recovery_core::Effect::None,
            Self::Io { 0: inner } => {
                <io::Error as ::recovery_core::Classify>::effect(inner)
            }
            Self::Strange { .. } => ::recovery_core::Effect::Unknown,
        }
    }
    fn is_transient(&self) -> bool {
        match self {
            Self::TooMany { .. } | Self::Strange { .. } => {
                ::recovery_core::Classify::kind(self).is_transient()
                    && ::recovery_core::Classify::effect(self)
                        != ::recovery_core::Effect::Done
            }
            Self::Io { 0: inner } => {
                <io::Error as ::recovery_core::Classify>::is_transient(inner)
            }
        }
    }
}

#[classify(Other)]
enum ApiError<T> {
    #[classify(RateLimited, retry_after = wait, effect = none)]
    TooMany { wait: Option<Duration> },
    #[classify(Server, forbids_retry = is_final)]
    Down { code: u16, is_final: bool },
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
            Self::Down { .. } => ::recovery_core::ErrorKind::Server,
            Self::Io { 0: inner } => {
                <io::Error as ::recovery_core::Classify>::kind(inner)
            }
            Self::Strange { .. } => ::recovery_core::ErrorKind::Other,
        }
    }
    fn retry_after(&self) -> ::core::option::Option<::core::time::Duration> {
        match self {
            Self::TooMany { wait: wait } => ::recovery_core::__private::asked(wait),
            Self::Down { .. } | Self::Strange { .. } => ::core::option::Option::None,
            Self::Io { 0: inner } => {
                <io::Error as ::recovery_core::Classify>::retry_after(inner)
            }
        }
    }
    fn forbids_retry(&self) -> ::core::primitive::bool {
        match self {
            Self::TooMany { .. } | Self::Strange { .. } => false,
            Self::Down { is_final: forbids, .. } => {
                ::recovery_core::__private::said_no(forbids)
            }
            Self::Io { 0: inner } => {
                <io::Error as ::recovery_core::Classify>::forbids_retry(inner)
            }
        }
    }
    fn effect(&self) -> ::recovery_core::Effect {
        match self {
            Self::TooMany { .. } => ::recovery_core::Effect::None,
            Self::Down { .. } | Self::Strange { .. } => ::recovery_core::Effect::Unknown,
            Self::Io { 0: inner } => {
                <io::Error as ::recovery_core::Classify>::effect(inner)
            }
        }
    }
    fn is_transient(&self) -> bool {
        match self {
            Self::TooMany { .. } | Self::Down { .. } | Self::Strange { .. } => {
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

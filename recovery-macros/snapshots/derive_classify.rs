#[derive(Classify)]
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

#[derive(Classify)]
#[classify(Other)]
enum ApiError<T> {
    #[classify(RateLimited, retry_after = wait, effect = none)]
    TooMany { wait: Option<Duration> },
    #[classify(transparent)]
    Io(io::Error),
    Strange(T),
}

//! `forbids_retry` that names no field.

use recovery_core::Classify;

#[derive(Classify)]
#[classify(Server, forbids_retry = true)]
struct Flagged;

#[derive(Classify)]
#[classify(Server, forbids_retry = is_last)]
struct Misnamed {
    is_final: bool,
}

#[derive(Classify)]
#[classify(Server, forbids_retry = is_final)]
struct Empty;

#[derive(Classify)]
#[classify(Server, forbids_retry)]
enum All {
    Of,
}

#[derive(Classify)]
enum Mixed {
    #[classify(transparent, forbids_retry)]
    Inner(std::io::Error),
}

fn main() {
    let misnamed = Misnamed { is_final: true };
    let _ = (Flagged, misnamed.is_final, Empty, All::Of);
    let _ = Mixed::Inner(std::io::ErrorKind::Other.into());
}

//! A `mut` argument that cannot be copied needs `clone`.

use std::io;

use recovery_core::retry;

#[retry]
async fn send(mut body: String) -> io::Result<usize> {
    body.push('!');
    Ok(body.len())
}

#[retry]
fn rename((mut name, count): (String, usize)) -> io::Result<String> {
    name.push('!');
    Ok(name.repeat(count))
}

fn main() {
    drop(rename((String::new(), 1)));
    drop(send(String::new()));
}

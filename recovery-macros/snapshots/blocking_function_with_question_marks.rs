#[retry]
fn read(path: &Path) -> io::Result<Config> {
    let text = fs::read_to_string(path)?;
    Ok(text.parse()?)
}

#[retry(max = 5, initial = 10ms)]
fn read(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

#[retry(clone(key), attempt = n)]
async fn load(key: String, mut page: u32, seen: &mut Vec<u32>) -> io::Result<String> {
    let answer = fetch(key, page).await?;
    page += 1;
    seen.push(n + page);
    Ok(answer)
}

// What #[async_trait] has made of
//     async fn call(&self, mut n: u32) -> io::Result<u32>
#[retry(policy = self.config)]
fn call<'life0, 'async_trait>(
    &'life0 self,
    mut n: u32,
) -> Pin<Box<dyn Future<Output = io::Result<u32>> + Send + 'async_trait>>
where
    'life0: 'async_trait,
    Self: 'async_trait,
{
    Box::pin(async move {
        let __self = self;
        let mut n = n;
        let __ret: io::Result<u32> = {
            n += 1;
            __self.connect(n).await?;
            Ok(n)
        };
        #[allow(unreachable_code)]
        __ret
    })
}

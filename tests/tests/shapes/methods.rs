//! Methods borrow `self` anew in each attempt, by whatever receiver.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use recovery_core::{RetryConfig, retry};

use crate::{Flaky, assert_send};

#[derive(Default)]
struct Client {
    flaky: Flaky,
    total: u32,
    name: String,
    policy: RetryConfig,
}

impl Client {
    #[retry]
    async fn by_reference(&self, word: &str) -> Result<String, io::Error> {
        self.flaky.call()?;
        Ok(format!("{} {word}", self.name))
    }

    #[retry]
    async fn by_mutable_reference(&mut self, step: u32) -> Result<u32, io::Error> {
        self.total += step;
        self.flaky.call()?;
        Ok(self.total)
    }

    #[retry]
    async fn by_value(self) -> Result<u32, io::Error> {
        self.flaky.call()
    }

    #[retry]
    async fn boxed(self: Box<Self>) -> Result<u32, io::Error> {
        self.flaky.call()
    }

    #[retry]
    async fn shared(self: Arc<Self>) -> Result<u32, io::Error> {
        let spawned = Arc::clone(&self);
        let task = tokio::spawn(async move { spawned.flaky.call() });
        task.await.map_err(io::Error::other)?
    }

    #[retry]
    async fn borrowed_shared(self: &Arc<Self>) -> Result<Arc<Self>, io::Error> {
        self.flaky.call()?;
        Ok(Self::clone_of(self))
    }

    #[retry]
    #[expect(clippy::needless_arbitrary_self_type, reason = "the shape under test")]
    async fn by_written_reference(self: &Self) -> io::Result<u32> {
        self.flaky.call()
    }

    #[retry]
    async fn by_reference_to_a_box(self: &mut Box<Self>) -> io::Result<u32> {
        self.total += 1;
        self.flaky.call()
    }

    #[retry]
    async fn pinned_box(self: Pin<Box<Self>>) -> io::Result<u32> {
        self.flaky.call()
    }

    #[retry(clone(this))]
    async fn not_a_receiver(this: Arc<Self>) -> io::Result<u32> {
        let moved = this;
        moved.flaky.call()
    }

    #[retry(initial = 1ns)]
    fn counted(self: Rc<Self>) -> Result<usize, io::Error> {
        self.flaky.call()?;
        Ok(Rc::strong_count(&self))
    }

    #[retry(initial = 1ns)]
    fn blocking_by_value(self) -> Result<u32, io::Error> {
        self.flaky.call()
    }

    #[retry(initial = 1ns)]
    fn blocking_boxed(self: Box<Self>, mut step: u32) -> Result<u32, io::Error> {
        step += 1;
        self.flaky.call()?;
        Ok(step)
    }

    #[retry]
    async fn borrowed_from_self(&self) -> Result<&str, io::Error> {
        self.flaky.call()?;
        Ok(&self.name)
    }

    #[retry(initial = 1ns)]
    fn blocking_borrowed_from_self<'c>(&'c self, _: &str) -> Result<&'c str, io::Error> {
        self.flaky.call()?;
        Ok(&self.name)
    }

    #[retry]
    async fn associated(name: &str, flaky: &Flaky) -> Result<Self, io::Error> {
        flaky.call()?;
        Ok(Self {
            name: name.to_owned(),
            ..Self::default()
        })
    }

    #[retry(
        policy = self.policy,
        max = self.total + 3,
        when = |error| error.kind() == self.retried_kind(),
        on_retry = |failed| assert!(failed.number < self.total + 3, "{}", self.name),
    )]
    async fn names_self_in_options(&self) -> io::Result<u32> {
        self.flaky.call()
    }

    #[retry(initial = 1ns, on_retry = |_| self.total += 1)]
    fn changes_self_in_options(&mut self) -> io::Result<u32> {
        self.flaky.call()
    }

    const fn retried_kind(&self) -> io::ErrorKind {
        io::ErrorKind::ConnectionReset
    }

    fn clone_of(this: &Arc<Self>) -> Arc<Self> {
        Arc::clone(this)
    }
}

#[tokio::test(start_paused = true)]
async fn self_is_borrowed_anew_by_each_attempt() {
    let flaky = Flaky::new();
    let mut client = assert_send(Client::associated("c", &flaky)).await.unwrap();
    assert_eq!(flaky.calls(), 3);
    assert_eq!(assert_send(client.by_reference("w")).await.unwrap(), "c w");
    assert_eq!(client.flaky.calls(), 3);
    let total = assert_send(client.by_mutable_reference(5)).await;
    assert_eq!((total.unwrap(), client.flaky.calls()), (15, 3));
}

#[tokio::test(start_paused = true)]
async fn what_is_borrowed_from_self_is_returned() {
    let client = Client::default();
    assert_eq!(assert_send(client.borrowed_from_self()).await.unwrap(), "");
    assert_eq!(client.flaky.calls(), 3);
    assert_eq!(client.blocking_borrowed_from_self("").unwrap(), "");
    assert_eq!(client.flaky.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn self_by_value_or_in_a_pointer_lasts_for_all_attempts() {
    let by_value = Client::default().by_value();
    assert_eq!(assert_send(by_value).await.unwrap(), 3);
    let boxed = Box::new(Client::default()).boxed();
    assert_eq!(assert_send(boxed).await.unwrap(), 3);
    let client = Arc::new(Client::default());
    let again = assert_send(client.borrowed_shared()).await.unwrap();
    assert_eq!(
        (client.flaky.calls(), Arc::ptr_eq(&client, &again)),
        (3, true)
    );
    let moved = Client::not_a_receiver(Arc::clone(&client));
    assert_eq!(assert_send(moved).await.unwrap(), 3);
    client.flaky.calls();
    assert_eq!(assert_send(client.shared()).await.unwrap(), 3);
    let pinned = Box::pin(Client::default()).pinned_box();
    assert_eq!(assert_send(pinned).await.unwrap(), 3);
    let mut boxed = Box::new(Client::default());
    let calls = assert_send(boxed.by_reference_to_a_box()).await;
    assert_eq!((calls.unwrap(), boxed.total), (3, 3));
    boxed.flaky.calls();
    let calls = assert_send(boxed.by_written_reference()).await;
    assert_eq!(calls.unwrap(), 3);
}

#[test]
fn blocking_methods_take_self_as_async_ones_do() {
    let client = Rc::new(Client::default());
    assert_eq!(Rc::clone(&client).counted().unwrap(), 2);
    assert_eq!(client.flaky.calls(), 3);
    assert_eq!(Client::default().blocking_by_value().unwrap(), 3);
    let boxed = Box::new(Client::default());
    assert_eq!(boxed.blocking_boxed(1).unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn options_name_self() {
    let mut client = Client::default();
    assert_eq!(
        assert_send(client.names_self_in_options()).await.unwrap(),
        3
    );
    client.flaky.calls();
    assert_eq!(client.changes_self_in_options().unwrap(), 3);
    assert_eq!(client.total, 2);
}

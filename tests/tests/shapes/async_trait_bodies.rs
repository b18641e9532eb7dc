//! In an `#[async_trait]` impl bodies, patterns and results are as those of any async function.

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::rc::Rc;

use async_trait::async_trait;
use recovery_core::retry;

use crate::{Flaky, assert_send, lost, third_time_lucky};

struct Point {
    x: u32,
    y: u32,
}

#[async_trait]
trait Walk: Sized {
    async fn start(calls: &mut u32) -> io::Result<Self>;
    async fn step(&self, to: Point, by: [u32; 3], _: u8, calls: &mut u32) -> io::Result<u32>;
    async fn look(&self) -> Result<u32, Box<dyn Error + Send + Sync>>;
    async fn name<'n>(&'n self, name: &'n str) -> io::Result<&'n str>;
    async fn halt(&self) -> io::Result<u32>;
    async fn later(&self) -> io::Result<u32>;

    #[retry]
    async fn back(
        &self,
        Point { mut x, y: _ }: Point,
        (_, [y, ..]): (u8, [u32; 2]),
        calls: &mut u32,
    ) -> io::Result<u32>
    where
        Self: Sync,
    {
        x += y;
        third_time_lucky(calls)?;
        Ok(x)
    }
}

struct Walker(Flaky);

#[async_trait]
impl Walk for Walker {
    #[retry]
    async fn start(calls: &mut u32) -> io::Result<Self> {
        third_time_lucky(calls)?;
        Ok(Self(Flaky::new()))
    }

    #[retry]
    async fn step(
        &self,
        Point { mut x, y }: Point,
        [first, rest @ ..]: [u32; 3],
        _: u8,
        calls: &mut u32,
    ) -> io::Result<u32> {
        x += y + first + rest[0];
        third_time_lucky(calls)?;
        Ok(x)
    }

    #[retry]
    async fn look(&self) -> Result<u32, Box<dyn Error + Send + Sync>> {
        let closure = || Ok::<u32, io::Error>(self.0.call()? + 1);
        Ok(closure()?)
    }

    #[retry]
    async fn name<'n>(&'n self, name: &'n str) -> io::Result<&'n str> {
        self.0.call()?;
        Ok(name)
    }

    #[retry]
    async fn halt(&self) -> io::Result<u32> {
        match self.0.call() {
            Ok(calls) => return Ok(calls),
            Err(_) => return Err(lost()),
        }
    }

    #[retry]
    async fn later(&self) -> io::Result<u32> {
        todo!()
    }
}

/// Its futures stay in their thread.
#[async_trait(?Send)]
trait Local {
    async fn count(&self, by: Rc<u32>) -> io::Result<u32>;

    #[retry(clone(number))]
    async fn default(&self, mut number: Rc<u32>, calls: &mut u32) -> io::Result<u32> {
        Rc::make_mut(&mut number);
        third_time_lucky(calls)?;
        Ok(*number)
    }
}

#[async_trait(?Send)]
impl Local for Cell<u32> {
    #[retry]
    async fn count(&self, by: Rc<u32>) -> io::Result<u32> {
        self.set(self.get() + *by);
        if self.get() < 3 {
            Err(lost())
        } else {
            Ok(self.get())
        }
    }
}

#[tokio::test(start_paused = true)]
async fn patterns_bind_anew_in_each_attempt() {
    let (walker, mut calls) = (Walker(Flaky::new()), 0);
    let step = walker.step(Point { x: 1, y: 2 }, [3, 4, 0], 0, &mut calls);
    assert_eq!((assert_send(step).await.unwrap(), calls), (10, 3));
    let mut calls = 0;
    let back = walker.back(Point { x: 1, y: 2 }, (0, [5, 0]), &mut calls);
    assert_eq!((assert_send(back).await.unwrap(), calls), (6, 3));
}

#[tokio::test(start_paused = true)]
async fn results_of_any_type_are_retried() {
    let mut calls = 0;
    let walker = assert_send(Walker::start(&mut calls)).await.unwrap();
    assert_eq!(calls, 3);
    assert_eq!(assert_send(walker.look()).await.unwrap(), 4);
    walker.0.calls();
    assert_eq!(assert_send(walker.name("w")).await.unwrap(), "w");
    assert_eq!(walker.0.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_return_ends_one_attempt() {
    let walker = Walker(Flaky::new());
    assert_eq!(assert_send(walker.halt()).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "not yet implemented")]
async fn a_body_may_be_written_later() {
    let walker = Walker(Flaky::new());
    assert_send(walker.later()).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn futures_that_are_not_send_are_retried() {
    let (counter, mut calls) = (Cell::new(0), 0);
    assert_eq!(counter.count(Rc::new(1)).await.unwrap(), 3);
    let number = counter.default(Rc::new(7), &mut calls).await;
    assert_eq!((number.unwrap(), calls), (7, 3));
}

//! One shared object for each key.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::breaker::CircuitBreaker;
use super::pushback::Pushback;

/// Below this many entries nothing is forgotten.
const FEW: usize = 64;

/// One shared object for each key: a [`RetryBudget`] for each host, a [`Pushback`] for each channel.
///
/// Each is made when its key is first asked for, and shared from then on. Where the key is known,
/// [`get`](Self::get) takes a read lock, allocates nothing, and borrows the key.
///
/// # What bounds it
/// Keys often come from outside, so entries are forgotten as well: one that nobody else holds and
/// that is [idle](Idle) would be made anew just as it is. Whenever the number of entries has doubled
/// (and is above 64), those are dropped. So a new key costs constant time on the average, though the
/// one that doubles the number pays for all; and there are never more than twice as many entries
/// as were held or busy at the last count, or 64.
///
/// An object that is always busy is never forgotten. What bounds their number is the time that an
/// object needs to become idle by itself: a budget of 10 retries with the default floor is full
/// again after 10 seconds, so that there are no more busy ones than keys that failed in 10 seconds.
/// A budget without a floor in time ([`aws_standard`](crate::RetryBudget::aws_standard),
/// [`grpc_throttling`](crate::RetryBudget::grpc_throttling)) that one failure has touched may stay
/// for ever: where keys come from outside, give it one by
/// [`refill_every`](crate::RetryBudget::refill_every). A [`CircuitBreaker`] is idle while it is
/// closed and its window holds no failure; one that is open stays.
///
/// [`RetryBudget`]: crate::RetryBudget
///
/// # Examples
/// ```
/// use std::sync::{Arc, LazyLock};
/// use recovery_core::{Keyed, RetryBudget};
///
/// static BUDGETS: LazyLock<Keyed<String, RetryBudget>> =
///     LazyLock::new(|| Keyed::new(|_host: &String| RetryBudget::new(20)));
///
/// let budget = BUDGETS.get("example.com");
/// assert_eq!(budget.available(), 20);
/// assert!(Arc::ptr_eq(&budget, &BUDGETS.get("example.com")));
/// assert!(!Arc::ptr_eq(&budget, &BUDGETS.get("example.org")));
/// assert_eq!(BUDGETS.len(), 2);
/// ```
///
/// In an attribute:
/// ```
/// # #[cfg(feature = "macros")] {
/// use std::io;
/// use recovery_core::{Keyed, RetryBudget, retry};
///
/// struct Client {
///     budgets: Keyed<String, RetryBudget>,
/// }
///
/// impl Client {
///     #[retry(max = 5, initial = 1ms, budget = self.budgets.get(host))]
///     fn fetch(&self, host: &str) -> io::Result<()> {
///         Err(io::ErrorKind::ConnectionRefused.into())
///     }
/// }
///
/// let client = Client { budgets: Keyed::new(|_: &String| RetryBudget::new(2)) };
/// assert!(client.fetch("example.com").is_err());
/// assert_eq!(client.budgets.get("example.com").available(), 0);
/// assert_eq!(client.budgets.get("example.org").available(), 2);
/// # }
/// ```
pub struct Keyed<K, T> {
    make: Box<dyn Fn(&K) -> T + Send + Sync>,
    entries: RwLock<Entries<K, T>>,
}

struct Entries<K, T> {
    /// The standard hasher is slow and safe: no choice of keys makes them collide.
    by_key: HashMap<K, Arc<T>>,
    /// At this many entries the idle ones are forgotten.
    sweep_at: usize,
}

/// Whether an object remembers anything.
///
/// # Examples
/// What belongs together for one key may be one object:
/// ```
/// use recovery_core::{Idle, Keyed, Pushback, RetryBudget};
///
/// struct Host {
///     budget: RetryBudget,
///     pushback: Pushback,
/// }
///
/// impl Idle for Host {
///     fn is_idle(&self) -> bool {
///         self.budget.is_idle() && self.pushback.is_idle()
///     }
/// }
///
/// let hosts = Keyed::new(|_port: &u16| Host {
///     budget: RetryBudget::new(10),
///     pushback: Pushback::new(),
/// });
/// assert!(hosts.get(&443).is_idle());
/// ```
pub trait Idle {
    /// Whether nothing would be lost if it were made anew.
    fn is_idle(&self) -> bool;
}

impl Idle for Pushback {
    /// Whether no pause is on.
    fn is_idle(&self) -> bool {
        !self.is_closed()
    }
}

impl Idle for CircuitBreaker {
    /// Whether it is closed, and no failure or slow call is in its window. That calls succeeded is
    /// forgotten: made anew, it judges by those to come.
    fn is_idle(&self) -> bool {
        self.is_idle()
    }
}

impl<K, T> Keyed<K, T> {
    /// None yet; each will be what `make` makes for its key.
    ///
    /// No lock is held meanwhile: `make` may ask for other keys. Two threads that ask for the same
    /// new key at once may both make its object; one of the two is kept.
    pub fn new(make: impl Fn(&K) -> T + Send + Sync + 'static) -> Self {
        Self {
            make: Box::new(make),
            entries: RwLock::new(Entries {
                by_key: HashMap::new(),
                sweep_at: FEW,
            }),
        }
    }

    /// The keys whose object is remembered.
    pub fn len(&self) -> usize {
        self.read().by_key.len()
    }

    /// Whether no key's object is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    // A panic under the lock can only be that of a key's own `Hash` or `Eq`, or of `is_idle`: the
    // map stays usable.
    fn read(&self) -> RwLockReadGuard<'_, Entries<K, T>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries<K, T>> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, T: Idle> Keyed<K, T> {
    /// The object of `key`, which may be given in a borrowed form (a `&str` for a `String`).
    ///
    /// Ask anew for each call, rather than keep it: what is held cannot be forgotten.
    pub fn get<Q>(&self, key: &Q) -> Arc<T>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(known) = self.read().by_key.get(key) {
            return Arc::clone(known);
        }
        self.make(key.to_owned())
    }

    #[cold]
    fn make(&self, key: K) -> Arc<T> {
        let made = Arc::new((self.make)(&key));
        let mut entries = self.write();
        if entries.by_key.len() >= entries.sweep_at {
            entries.forget_idle();
        }
        Arc::clone(entries.by_key.entry(key).or_insert(made))
    }
}

impl<K: Eq + Hash, T: Idle> Entries<K, T> {
    fn forget_idle(&mut self) {
        // `get_mut` is there where nobody else holds it; it sees all that the last holder did.
        self.by_key
            .retain(|_, object| !Arc::get_mut(object).is_some_and(|object| object.is_idle()));
        self.sweep_at = self.by_key.len().saturating_mul(2).max(FEW);
        self.by_key.shrink_to(self.sweep_at);
    }
}

impl<K, T> fmt::Debug for Keyed<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Keys may be secrets.
        f.debug_struct("Keyed")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::{ErrorKind, RetryBudget};

    /// Remembers what it is told to.
    #[derive(Default)]
    struct Memory(AtomicBool);

    impl Idle for Memory {
        fn is_idle(&self) -> bool {
            !self.0.load(Relaxed)
        }
    }

    fn memories() -> Keyed<u64, Memory> {
        Keyed::new(|_| Memory::default())
    }

    #[test]
    fn each_key_has_one_object_of_its_own() {
        let made = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&made);
        let budgets = Keyed::new(move |host: &String| {
            counter.fetch_add(1, Relaxed);
            RetryBudget::new(u32::try_from(host.len()).unwrap())
        });
        assert!(budgets.is_empty());
        let first = budgets.get("a.example");
        assert_eq!(first.available(), 9);
        assert!(Arc::ptr_eq(&first, &budgets.get("a.example")));
        assert!(Arc::ptr_eq(&first, &budgets.get(&"a.example".to_owned())));
        assert_eq!(budgets.get("long.example").available(), 12);
        assert_eq!((budgets.len(), made.load(Relaxed)), (2, 2));
    }

    #[test]
    fn keys_from_outside_do_not_grow_it_without_bound() {
        let memories = memories();
        for key in 0..1_000_000 {
            memories.get(&key);
            assert!(memories.len() <= FEW);
        }
        assert!(memories.read().by_key.capacity() < 4 * FEW);
    }

    #[test]
    fn what_is_held_or_busy_is_not_forgotten() {
        let memories = memories();
        let held: Vec<_> = (0..1000).map(|key| memories.get(&key)).collect();
        for key in 1000..2000 {
            memories.get(&key).0.store(true, Relaxed);
        }
        for key in 2000..100_000 {
            memories.get(&key);
            assert!(memories.len() <= 4000);
        }
        for (key, object) in (0..).zip(&held) {
            assert!(Arc::ptr_eq(object, &memories.get(&key)));
        }
        assert!((1000..2000).all(|key| memories.get(&key).0.load(Relaxed)));
    }

    #[test]
    fn what_has_become_idle_is_forgotten() {
        let memories = memories();
        for key in 0..10_000 {
            memories.get(&key).0.store(true, Relaxed);
        }
        assert_eq!(memories.len(), 10_000);
        for object in memories.read().by_key.values() {
            object.0.store(false, Relaxed);
        }
        for key in 10_000..40_000 {
            memories.get(&key);
        }
        assert!(memories.len() <= FEW, "{}", memories.len());
    }

    #[test]
    fn sweeps_are_constant_on_the_average() {
        struct Asked(Arc<AtomicUsize>);
        impl Idle for Asked {
            fn is_idle(&self) -> bool {
                self.0.fetch_add(1, Relaxed);
                false
            }
        }
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let busy = Keyed::new(move |_: &u32| Asked(Arc::clone(&counter)));
        for key in 0..100_000 {
            busy.get(&key);
        }
        assert_eq!(busy.len(), 100_000);
        assert!(asked.load(Relaxed) < 200_000, "{}", asked.load(Relaxed));
    }

    #[test]
    fn idle_is_what_would_be_made_anew_just_so() {
        let budget = RetryBudget::new(2);
        assert!(budget.is_idle());
        budget.try_withdraw(ErrorKind::Network, Instant::now);
        assert!(!budget.is_idle());
        let pushback = Pushback::new();
        assert!(Idle::is_idle(&pushback));
        pushback.close_for(Duration::from_secs(60), Instant::now());
        assert!(!Idle::is_idle(&pushback));
    }

    #[test]
    fn breakers_that_remember_nothing_are_forgotten() {
        let breakers = Keyed::new(|_: &u32| CircuitBreaker::new());
        let called = breakers.get(&0);
        let permit = called.try_acquire(Instant::now).expect("it is closed");
        permit.failed(Instant::now);
        drop(called);
        for key in 1..10_000 {
            breakers.get(&key);
            assert!(breakers.len() <= FEW);
        }
        assert!(!Idle::is_idle(&*breakers.get(&0)), "it was kept");
    }

    #[test]
    fn making_one_may_ask_for_another() {
        let plain = Arc::new(memories());
        let others = Arc::clone(&plain);
        let nested = Keyed::new(move |key: &u64| Memory(others.get(key).is_idle().into()));
        assert!(!nested.get(&1).is_idle());
        assert_eq!(plain.len(), 1);
    }

    #[test]
    fn threads_share_one_object_and_lose_none() {
        let budgets = Keyed::new(|_: &u32| RetryBudget::new(1000).refill_every(Duration::MAX));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 0..1000u32 {
                        let budget = budgets.get(&0);
                        // A tenth of the capacity for each thread, with strangers in between.
                        if round % 10 == 0 {
                            budget.try_withdraw(ErrorKind::Network, Instant::now);
                        }
                        drop(budget);
                        budgets.get(&(round + 1));
                    }
                });
            }
        });
        assert_eq!(budgets.get(&0).available(), 600);
    }

    #[test]
    fn shows_no_keys() {
        let memories = memories();
        memories.get(&4711);
        assert_eq!(format!("{memories:?}"), "Keyed { len: 1, .. }");
    }
}

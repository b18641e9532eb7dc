//! A state that is made of one root and many records.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::TrackedMap;

/// A state that is made of one root and many records, so that a store can write those records alone that
/// have changed.
///
/// The root is all of the state but its records; it is written at every save, so it should be small.
///
/// # Examples
/// ```
/// use recovery_core::state::{Records, TrackedMap};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
/// struct Shop {
///     orders: u64,
///     customers: TrackedMap<Customer>,
/// }
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Customer {
///     name: String,
/// }
///
/// impl Records for Shop {
///     type Root = u64;
///     type Record = Customer;
///
///     fn from_parts(orders: u64, customers: TrackedMap<Customer>) -> Self {
///         Self { orders, customers }
///     }
///
///     fn root(&self) -> u64 {
///         self.orders
///     }
///
///     fn records(&mut self) -> &mut TrackedMap<Customer> {
///         &mut self.customers
///     }
/// }
///
/// let shop = Shop::from_parts(7, TrackedMap::new());
/// assert_eq!(shop.root(), 7);
/// ```
pub trait Records: Sized {
    /// What there is one of.
    type Root: Serialize + DeserializeOwned;
    /// What there are many of.
    type Record: Serialize + DeserializeOwned;

    /// The state of these parts.
    fn from_parts(root: Self::Root, records: TrackedMap<Self::Record>) -> Self;

    /// All but the records.
    fn root(&self) -> Self::Root;

    /// The records.
    fn records(&mut self) -> &mut TrackedMap<Self::Record>;
}

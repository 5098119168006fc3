//! What the boot tests are made of: machine shapes, the list of permanent ids, and conformance runs.
//!
//! The tests themselves are in `boot/`, a file per feature.

mod conform;
mod ids;
mod shapes;

pub use conform::{Conform, Outcome};
pub use ids::{Id, permanent};
pub use shapes::{Shape, all};

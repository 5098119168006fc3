//! What one round trip does and touches, counted from outside by a plugin of the emulator.
//!
//! The program marks its clock reads ([`pecan_abi::marker`]), the plugin (`perf/plugin`) counts between them and writes a
//! [`Window`] for each measured stretch.

mod account;
mod counts;
mod footprint;
mod judge;
mod run;
mod table;
mod window;

pub use account::{Account, accounts};
pub use counts::Counts;
pub use footprint::describe;
pub(crate) use run::account_payload;
pub use run::{Counted, Order, Outcome, account};
pub use table::render;
pub use window::{Line, OnCpu, Use, Window};

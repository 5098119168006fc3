//! What each technique is worth: kernels without one of them, all else being equal.
//!
//! ```text
//! technique   what can be taken out, and what stands in its place
//! variant     the kernel without it, built, and tried with the tests of IPC
//! run         the same rows with and without
//! figures     what came of it, as JSON
//! table       and for people
//! ```

pub(crate) mod figures;
mod run;
mod table;
mod technique;
mod variant;

pub use figures::{Ablation, Copied, Pair, Removed};
pub use run::measure;
pub use table::render;
pub(crate) use table::{TOUCHED, touched};
pub use technique::{Place, Subject, TECHNIQUES, Technique, Way};

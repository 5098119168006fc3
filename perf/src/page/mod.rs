//! The report: one page with the figures of the last runs.
//!
//! Each kind of benchmark leaves its figures as a file ([`save`]); [`Runs`] are those that are there. A section of the
//! report takes what it needs from them, draws and tabulates it, and says which command measures what is missing.
//! The sections go out as HTML that needs no network, as Markdown, and as pictures.

mod document;
mod html;
mod markdown;
mod picture;
mod runs;
mod sections;

pub use document::{Drawing, Section, Table};
pub use html::html;
pub use markdown::markdown;
pub use picture::standalone;
pub use runs::{Kind, Run, Runs, save};
pub use sections::{MAIN_DRAWING, sections};

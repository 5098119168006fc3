//! A line that says how far the work is.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::time::Duration;

/// A bar on a terminal; elsewhere a line whenever the kind of work changes.
pub(crate) struct Progress {
    bar: ProgressBar,
    on_terminal: bool,
    last: String,
}

impl Progress {
    /// A bar for counted work.
    pub(crate) fn counted() -> Self {
        Self::new("{prefix:12} [{bar:30}] {pos}/{len} {elapsed} {wide_msg}")
    }

    /// A turning mark for work of unknown length.
    pub(crate) fn uncounted() -> Self {
        let progress = Self::new("{spinner} {prefix} {elapsed} {wide_msg:.dim}");
        progress.bar.enable_steady_tick(Duration::from_millis(200));
        progress
    }

    fn new(template: &str) -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        Self {
            bar,
            on_terminal: stderr().is_terminal(),
            last: String::new(),
        }
    }

    /// Names the work that begins.
    pub(crate) fn begin(&mut self, name: &str) {
        if self.last == name {
            return;
        }
        self.last = name.to_owned();
        self.bar.set_prefix(self.last.clone());
        if !self.on_terminal {
            eprintln!("{name} ...");
        }
    }

    /// Says how much is done.
    pub(crate) fn set(&self, done: u64, total: u64, text: &str) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.say(text);
    }

    /// Takes the line away while `print` writes others.
    pub(crate) fn pause(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Shows what is going on.
    pub(crate) fn say(&self, text: &str) {
        self.bar.set_message(text.trim().to_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

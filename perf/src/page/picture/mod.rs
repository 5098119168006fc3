//! Pictures, as SVG: lines over an axis, and bars beside names.
//!
//! `plotters` draws. What it writes has the colours of a light page; a style sheet replaces them on a dark one, so that
//! the same picture suits both.

mod axis;
mod bars;
mod lines;
mod palette;

pub(crate) use axis::Axis;
pub(crate) use bars::{Bars, Group};
pub(crate) use lines::{Line, Lines};
pub(crate) use palette::style;

use anyhow::{Result, anyhow};
use std::fmt::Display;

/// Name of the fonts in pictures and on pages.
pub(crate) const FONT: &str = "system-ui, sans-serif";

/// A picture that is a file of its own: with the style sheet that it has from the page otherwise.
pub fn standalone(svg: &str) -> String {
    match svg.split_once('\n') {
        Some((open, rest)) => format!("{open}\n<style>{}</style>\n{rest}", style()),
        None => svg.to_owned(),
    }
}

/// About as many pixels as a text takes up: with letters as wide as those of common fonts, not to be cut off anywhere.
fn width(text: &str) -> i32 {
    i32::try_from(text.chars().count()).map_or(i32::MAX, |count| count.saturating_mul(15) / 2)
}

/// What a drawing into memory may say although it cannot fail.
fn drawn<T>(result: Result<T, impl Display>) -> Result<T> {
    result.map_err(|error| anyhow!("a picture cannot be drawn: {error}"))
}

#[cfg(test)]
mod tests {
    use super::standalone;

    #[test]
    fn a_file_of_its_own_has_its_style() {
        let text = standalone("<svg width=\"1\">\n</svg>\n");
        assert!(
            text.starts_with("<svg width=\"1\">\n<style>@media"),
            "{text}"
        );
        assert!(text.ends_with("</style>\n</svg>\n"), "{text}");
    }
}

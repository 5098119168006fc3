//! Colours, each for a light page and for a dark one.

use plotters::style::RGBColor;
use std::fmt::Write;

/// A colour of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour {
    light: [u8; 3],
    dark: [u8; 3],
}

/// Text.
pub(crate) const INK: Colour = colour(0x1f_2328, 0xe6_edf3);
/// Lines behind the figures.
pub(crate) const GRID: Colour = colour(0xd8_dee4, 0x30_363d);
/// What is not the subject: text of axes.
pub(crate) const QUIET: Colour = colour(0x59_636e, 0x91_98a1);

/// Data, one after the other.
const SERIES: [Colour; 6] = [
    colour(0x09_69da, 0x58_a6ff),
    colour(0xbc_4c00, 0xf0_883e),
    colour(0x1a_7f37, 0x3f_b950),
    colour(0x82_50df, 0xbc_8cff),
    colour(0x9a_6700, 0xd2_9922),
    colour(0xcf_222e, 0xff_7b72),
];

/// The colour of the data with this index; after some they come again.
pub(crate) fn series(index: usize) -> Colour {
    SERIES[index % SERIES.len()]
}

/// The style sheet with which pictures suit dark pages.
pub(crate) fn style() -> String {
    let mut sheet = String::from("@media (prefers-color-scheme: dark){");
    for colour in SERIES.into_iter().chain([INK, GRID, QUIET]) {
        let [light, dark] = [colour.light, colour.dark].map(hex);
        for what in ["fill", "stroke"] {
            // Writing to a string does not fail.
            let _ = write!(sheet, "svg [{what}=\"{light}\"]{{{what}:{dark}}}");
        }
    }
    sheet + "}"
}

impl Colour {
    /// On a light page.
    pub(crate) fn rgb(self) -> RGBColor {
        let [red, green, blue] = self.light;
        RGBColor(red, green, blue)
    }
}

const fn colour(light: u32, dark: u32) -> Colour {
    let [_, l1, l2, l3] = light.to_be_bytes();
    let [_, d1, d2, d3] = dark.to_be_bytes();
    Colour {
        light: [l1, l2, l3],
        dark: [d1, d2, d3],
    }
}

/// As the drawing library writes it.
fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

//! How tables with figures of several systems look.

use comfy_table::{Cell, CellAlignment, Table, presets};

/// A table without lines.
pub(super) fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

/// The first column to the left, the others to the right.
pub(super) fn right(texts: Vec<String>) -> Vec<Cell> {
    let align = |(index, text): (usize, String)| match index {
        0 => Cell::new(text),
        _ => Cell::new(text).set_alignment(CellAlignment::Right),
    };
    texts.into_iter().enumerate().map(align).collect()
}

/// The table's lines without blanks at their ends.
pub(super) fn lines(table: &Table) -> String {
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}

//! How tables on a terminal look.

use comfy_table::{Cell, CellAlignment, Table, presets};

/// A table without lines, with the titles of its columns.
pub(crate) fn plain<T: ToString>(titles: impl IntoIterator<Item = T>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(right(titles));
    table
}

/// The first column to the left, the others to the right.
pub(crate) fn right<T: ToString>(texts: impl IntoIterator<Item = T>) -> Vec<Cell> {
    let align = |(index, text): (usize, T)| match index {
        0 => Cell::new(text),
        _ => Cell::new(text).set_alignment(CellAlignment::Right),
    };
    texts.into_iter().enumerate().map(align).collect()
}

/// The table's lines without blanks at their ends.
pub(crate) fn lines(table: &Table) -> String {
    let lines = table.lines().map(|line| line.trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{lines, plain, right};

    #[test]
    fn names_are_left_and_figures_right() {
        let mut table = plain(["path", "instr."]);
        table.add_row(right(["a".to_owned(), 7.to_string()]));
        table.add_row([""]);
        assert_eq!(lines(&table), " path  instr.\n a          7\n");
    }
}

//! The report as Markdown: the tables.

use super::{Section, Table};
use std::fmt::Write;

/// Writes the sections without their pictures.
pub fn markdown(sections: &[Section]) -> String {
    let mut text = String::from("# What Pecan costs\n");
    for section in sections {
        text += &one(section);
    }
    text
}

fn one(section: &Section) -> String {
    let mut text = format!("\n## {}\n\n{}\n", section.title, section.about);
    for sentence in &section.missing {
        text += &format!("\n*{sentence}*\n");
    }
    for table in &section.tables {
        text += &tabulate(table);
    }
    if !section.commands.is_empty() {
        text += &format!("\nMeasured by `{}`.\n", section.commands.join("`, `"));
    }
    text
}

fn tabulate(table: &Table) -> String {
    let mut text = String::from("\n");
    let mut line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    };
    line(&table.head);
    let marks = (0..table.head.len()).map(|column| if column == 0 { "---" } else { "---:" });
    line(&marks.map(str::to_owned).collect::<Vec<_>>());
    for row in &table.rows {
        line(row);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::markdown;
    use crate::page::{Section, Table};

    #[test]
    fn a_table_is_aligned_and_says_where_it_comes_from() {
        let mut table = Table::new(["what", "instr."]);
        table.push(["a|b".into(), "7".into()]);
        let section = Section {
            title: "Short",
            about: "About.".into(),
            commands: vec!["cargo xtask bench".into()],
            tables: vec![table],
            ..Section::default()
        };
        assert_eq!(
            markdown(&[section]),
            "# What Pecan costs\n\n## Short\n\nAbout.\n\n\
             | what | instr. |\n| --- | ---: |\n| a\\|b | 7 |\n\nMeasured by `cargo xtask bench`.\n"
        );
    }
}

//! The report as one HTML page that needs nothing else.

use super::picture::{FONT, style};
use super::{Drawing, Section, Table};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Writes the page.
pub fn html(sections: &[Section]) -> String {
    let sheet = format!("{}\n{}", include_str!("page.css"), style());
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "What Pecan costs" }
                style { (PreEscaped(sheet)) }
            }
            body style=(format!("font-family: {FONT}")) {
                header {
                    h1 { "What Pecan costs" }
                    p {
                        "Figures of the last runs. Instructions are counts of a deterministic emulator and the same in each run; \
                        times are the emulator's on this host, and mean something only beside one another."
                    }
                    nav { ul { @for section in sections { li { a href=(format!("#{}", section.name)) { (section.title) } } } } }
                }
                main { @for section in sections { (one(section)) } }
            }
        }
    };
    page.into_string()
}

fn one(section: &Section) -> Markup {
    html! {
        section id=(section.name) {
            h2 { (section.title) }
            p { (section.about) }
            @for sentence in &section.missing { p.missing { (code(sentence)) } }
            @for drawing in &section.drawings { (figure(drawing)) }
            @for table in &section.tables { (tabulate(table)) }
            @if !section.commands.is_empty() {
                p.source {
                    "Measured by "
                    @for (index, command) in section.commands.iter().enumerate() {
                        @if index > 0 { ", " }
                        code { (command) }
                    }
                    "."
                }
            }
        }
    }
}

fn figure(drawing: &Drawing) -> Markup {
    // The drawing library escapes all texts.
    html! {
        figure {
            div role="img" aria-label=(drawing.caption) { (PreEscaped(&drawing.svg)) }
            figcaption { (drawing.caption) }
        }
    }
}

fn tabulate(table: &Table) -> Markup {
    html! {
        div.wide {
            table {
                thead { tr { @for title in &table.head { th scope="col" { (title) } } } }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (column, cell) in row.iter().enumerate() {
                                @if column == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A sentence, in which what stands between backticks is a command.
fn code(sentence: &str) -> Markup {
    html! {
        @for (index, part) in sentence.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::html;
    use crate::page::{Drawing, Section, Table};

    #[test]
    fn a_page_needs_nothing_else() {
        let mut table = Table::new(["a < b", "instr."]);
        table.push(["x".into(), "7".into()]);
        let section = Section {
            name: "short",
            title: "Short & long",
            missing: vec!["Run `cargo xtask bench`.".into()],
            drawings: vec![Drawing {
                name: "d",
                caption: "A \"picture\"".into(),
                svg: "<svg></svg>".into(),
            }],
            tables: vec![table],
            commands: vec!["cargo xtask bench --quick".into()],
            ..Section::default()
        };
        let page = html(&[section]);
        for part in [
            "<h2>Short &amp; long</h2>",
            "<th scope=\"col\">a &lt; b</th>",
            "<td>7</td>",
            "<svg></svg>",
            "Run <code>cargo xtask bench</code>.",
            "aria-label=\"A &quot;picture&quot;\"",
            "<code>cargo xtask bench --quick</code>",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        for outside in ["<script", "http:", "https:", "<link", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}

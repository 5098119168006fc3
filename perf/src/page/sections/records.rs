//! Records with any fields, as rows of a table.

use super::dash;
use crate::page::{Record, Table};
use serde_json::Value;

/// A record's name and its figures, whatever it has; groups of figures are named with what they are in.
pub(super) struct Flat {
    /// Names and lengths.
    pub(super) name: String,
    /// In the order of the file.
    pub(super) figures: Vec<(String, f64)>,
}

impl Flat {
    pub(super) fn of(record: &Record) -> Self {
        let mut flat = Self {
            name: String::new(),
            figures: Vec::new(),
        };
        for (key, value) in record {
            flat.take(key, value);
        }
        flat
    }

    fn take(&mut self, key: &str, value: &Value) {
        match value {
            Value::String(text) if self.name.is_empty() => self.name.clone_from(text),
            Value::String(text) => self.name += &format!(", {text}"),
            Value::Number(number) if key == "words" || key == "bytes" => {
                self.name += &format!(", {number} {key}");
            }
            Value::Number(number) => {
                self.figures
                    .extend(number.as_f64().map(|number| (key.to_owned(), number)));
            }
            Value::Object(inner) => {
                for (inner, value) in inner {
                    self.take(&format!("{key}.{inner}"), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Array(_) => {}
        }
    }

    /// The figure of this name.
    pub(super) fn figure(&self, name: &str) -> Option<f64> {
        let found = self.figures.iter().find(|(own, _)| own == name);
        found.map(|(_, figure)| *figure)
    }
}

/// A table for each group of figures, in which each figure that is not 0 for all rows has a column.
pub(super) fn tables(rows: &[Flat]) -> Vec<Table> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, figure) in rows.iter().flat_map(|row| &row.figures) {
        let (group, _) = parts(name);
        let index = groups.iter().position(|(own, _)| *own == group);
        let index = index.unwrap_or_else(|| {
            groups.push((group, Vec::new()));
            groups.len() - 1
        });
        let columns = &mut groups[index].1;
        if *figure != 0.0 && !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    let kept = groups.iter().filter(|(_, columns)| !columns.is_empty());
    kept.map(|(group, columns)| one(rows, group, columns))
        .collect()
}

fn one(rows: &[Flat], group: &str, columns: &[&str]) -> Table {
    let titles: Vec<String> = columns.iter().map(|name| title(name)).collect();
    let first = if group.is_empty() { "path" } else { group };
    let mut table = Table::new([first].into_iter().chain(titles.iter().map(String::as_str)));
    for row in rows {
        let figures = columns
            .iter()
            .map(|name| row.figure(name).map_or_else(dash, written));
        table.push([row.name.clone()].into_iter().chain(figures));
    }
    table
}

/// The group of a figure, or nothing, and its own name.
pub(super) fn parts(name: &str) -> (&str, &str) {
    name.split_once('.').unwrap_or(("", name))
}

/// What a figure is called where people read.
pub(super) fn title(name: &str) -> String {
    parts(name).1.replace('_', " ")
}

/// Whole figures as they are, others with two digits.
pub(super) fn written(value: f64) -> String {
    let digits = if value.fract() == 0.0 { 0 } else { 2 };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::{Flat, tables};
    use serde_json::json;

    #[test]
    fn any_record_becomes_a_row() {
        let records = [
            json!({"id": "a", "words": 8, "user": {"instructions": 5, "port_io": 0}, "all_lines": 2.5, "of": null}),
            json!({"id": "b", "words": null, "late": [1], "system": "x", "all_lines": 3}),
        ];
        let records = records.iter().filter_map(|value| value.as_object());
        let rows: Vec<Flat> = records.map(Flat::of).collect();
        let tables = tables(&rows);
        assert_eq!(tables[0].head, ["user", "instructions"]);
        assert_eq!(tables[0].rows, [["a, 8 words", "5"], ["b, x", "–"]]);
        assert_eq!(tables[1].head, ["path", "all lines"]);
        assert_eq!(tables[1].rows, [["a, 8 words", "2.50"], ["b, x", "3"]]);
    }
}

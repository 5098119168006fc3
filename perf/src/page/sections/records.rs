//! Records with any fields, as rows of a table.

use super::dash;
use crate::page::Record;
use crate::page::Table;
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

/// A table with a column for each figure that any of the rows has.
pub(super) fn table(rows: &[Flat]) -> Table {
    let mut columns: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| &row.figures) {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    let titles: Vec<String> = columns.iter().map(|name| name.replace('_', " ")).collect();
    let mut table = Table::new(
        ["path"]
            .into_iter()
            .chain(titles.iter().map(String::as_str)),
    );
    for row in rows {
        let figures = columns
            .iter()
            .map(|name| row.figure(name).map_or_else(dash, written));
        table.push([row.name.clone()].into_iter().chain(figures));
    }
    table
}

/// Whole figures as they are, others with two digits.
pub(super) fn written(value: f64) -> String {
    let digits = if value.fract() == 0.0 { 0 } else { 2 };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::{Flat, table};
    use serde_json::json;

    #[test]
    fn any_record_becomes_a_row() {
        let records = [
            json!({"id": "a", "words": 8, "user": {"instructions": 5}, "lines": 2.5, "of": null}),
            json!({"id": "b", "words": null, "late": [1], "system": "x", "lines": 3}),
        ];
        let rows: Vec<Flat> = records
            .iter()
            .filter_map(|value| value.as_object())
            .map(Flat::of)
            .collect();
        let table = table(&rows);
        assert_eq!(table.head, ["path", "user.instructions", "lines"]);
        assert_eq!(
            table.rows,
            [["a, 8 words", "5", "2.50"], ["b, x", "–", "3"]]
        );
    }
}

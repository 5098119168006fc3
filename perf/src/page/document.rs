//! What a report consists of, whatever it is written as.

/// A part of the report with a heading of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// One word for links and file names.
    pub name: &'static str,
    /// The heading.
    pub title: &'static str,
    /// What the figures are, in a few sentences.
    pub about: String,
    /// The commands that measured the figures.
    pub commands: Vec<String>,
    /// Drawn first.
    pub drawings: Vec<Drawing>,
    /// The same and more in figures.
    pub tables: Vec<Table>,
    /// What is not there, and how to get it: sentences.
    pub missing: Vec<String>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// One word for links.
    pub name: &'static str,
    /// What is to be seen: for those who cannot, and below the picture.
    pub caption: String,
    /// The picture in colours of light and dark pages; see [`standalone`](crate::page::standalone).
    pub svg: String,
}

/// Figures in rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What the first column has is text, all others are figures.
    pub head: Vec<String>,
    /// As many cells in each as the head has.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings, still empty.
    pub(crate) fn new<'a>(head: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            head: head.into_iter().map(str::to_owned).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, shortened or filled up to the width of the table.
    pub(crate) fn push(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().collect();
        cells.resize(self.head.len(), String::new());
        self.rows.push(cells);
    }
}

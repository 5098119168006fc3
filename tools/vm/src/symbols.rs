//! Names for the addresses of a kernel panic.

use crate::report;
use addr2line::Context;
use gimli::{EndianRcSlice, LittleEndian, SectionId};
use object::{Object, ObjectSection};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

type Slice = EndianRcSlice<LittleEndian>;

/// Explains the addresses in a machine's lines as they come.
pub struct Explainer {
    kernel: PathBuf,
    symbols: Option<Symbols>,
    /// The first address of a report is where it happened, the others are where calls return to.
    is_first: bool,
}

impl Explainer {
    /// For a machine that runs this kernel; the file is read when the first address comes.
    pub fn new(kernel: &Path) -> Self {
        Self {
            kernel: kernel.to_owned(),
            symbols: None,
            is_first: true,
        }
    }

    /// The lines to show below `line`; none unless it carries an address of a panic report.
    pub fn explain(&mut self, line: &str) -> Vec<String> {
        let Some(address) = report::backtrace_address(line) else {
            self.is_first |= line.starts_with("[panic]");
            return Vec::new();
        };
        let place = if self.is_first {
            address
        } else {
            address.saturating_sub(1)
        };
        self.is_first = false;
        let kernel = &self.kernel;
        self.symbols
            .get_or_insert_with(|| Symbols::open(kernel))
            .describe(place)
    }
}

/// The line tables of a kernel file, or the reason why there are none.
struct Symbols {
    context: Result<Context<Slice>, String>,
}

impl Symbols {
    /// Reads the line tables of an ELF file.
    fn open(kernel: &Path) -> Self {
        Self {
            context: load(kernel).map_err(|why| format!("{}: {why}", kernel.display())),
        }
    }

    /// A line for each function at `address`, the innermost first: inlined functions count.
    fn describe(&self, address: u64) -> Vec<String> {
        let context = match &self.context {
            Ok(context) => context,
            Err(why) => return vec![format!("    (no names: {why})")],
        };
        let mut described = Vec::new();
        // The crate adds one to the address.
        if let Ok(mut frames) = context
            .find_frames(address.min(u64::MAX - 1))
            .skip_all_loads()
        {
            while let Ok(Some(frame)) = frames.next() {
                let name = frame
                    .function
                    .and_then(|name| Some(name.demangle().ok()?.into_owned()));
                let place = frame.location.map(|place| {
                    format!(
                        " at {}:{}",
                        place.file.unwrap_or("?"),
                        place.line.unwrap_or(0)
                    )
                });
                if name.is_some() || place.is_some() {
                    described.push(format!(
                        "    {}{}",
                        name.unwrap_or("?".into()),
                        place.unwrap_or_default()
                    ));
                }
            }
        }
        if described.is_empty() {
            described.push("    (outside the kernel's code)".into());
        }
        described
    }
}

fn load(kernel: &Path) -> Result<Context<Slice>, String> {
    let bytes = fs::read(kernel).map_err(|error| error.to_string())?;
    let file = object::File::parse(&*bytes).map_err(|error| error.to_string())?;
    let section = |id: SectionId| -> Result<Slice, gimli::Error> {
        let content = file
            .section_by_name(id.name())
            .and_then(|section| section.data().ok());
        Ok(Slice::new(
            Rc::from(content.unwrap_or_default()),
            LittleEndian,
        ))
    };
    let dwarf = gimli::Dwarf::load(section).map_err(|error| error.to_string())?;
    Context::from_dwarf(dwarf).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Explainer, Symbols};
    use std::env::current_exe;
    use std::path::Path;

    #[test]
    fn missing_files_are_explained() {
        let described = Symbols::open(Path::new("/nowhere/pecan")).describe(1);
        assert!(
            described[0].contains("no names: /nowhere/pecan"),
            "{described:?}"
        );
    }

    #[test]
    fn addresses_outside_are_said_to_be_outside() {
        let symbols = Symbols::open(&current_exe().expect("this program"));
        assert_eq!(
            symbols.describe(u64::MAX),
            ["    (outside the kernel's code)"]
        );
    }

    #[test]
    fn only_addresses_are_explained() {
        let mut explainer = Explainer::new(Path::new("/nowhere/pecan"));
        assert!(
            explainer
                .explain("[panic] cpu 0 thread 0x0 at a.rs:1: x")
                .is_empty()
        );
        assert_eq!(explainer.explain("[backtrace] 0xffffffff80200000").len(), 1);
        assert!(explainer.explain("[panic] end").is_empty());
    }
}

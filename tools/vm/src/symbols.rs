//! Names for the addresses of a kernel panic.

use addr2line::Context;
use gimli::{EndianRcSlice, LittleEndian, SectionId};
use object::{Object, ObjectSection};
use std::fs;
use std::path::Path;
use std::rc::Rc;

type Slice = EndianRcSlice<LittleEndian>;

/// The line tables of a kernel file, or the reason why there are none.
pub struct Symbols {
    context: Result<Context<Slice>, String>,
}

impl Symbols {
    /// Reads the line tables of an ELF file.
    pub fn open(kernel: &Path) -> Self {
        Self {
            context: load(kernel).map_err(|why| format!("{}: {why}", kernel.display())),
        }
    }

    /// A line for each function at `address`, the innermost first: inlined functions count.
    ///
    /// `address` is a return address: the call that it belongs to lies before it.
    pub fn describe(&self, address: u64) -> Vec<String> {
        let context = match &self.context {
            Ok(context) => context,
            Err(why) => return vec![format!("    (no names: {why})")],
        };
        let mut described = Vec::new();
        if let Ok(mut frames) = context
            .find_frames(address.saturating_sub(1))
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
    use super::Symbols;
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
}

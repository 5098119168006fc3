//! Names for addresses of the kernel, code and data.

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ObjectSymbol, SectionKind};
use std::fs;
use std::ops::Range;
use std::path::Path;

/// The symbols of a kernel file.
#[derive(Debug)]
pub struct Names {
    /// Sorted by address.
    symbols: Vec<(u64, String)>,
    /// Where the file's sections are.
    sections: Vec<Range<u64>>,
}

impl Names {
    /// Reads the symbols of an ELF file.
    ///
    /// # Errors
    /// When it cannot be read or is no such file.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let file = object::File::parse(&*bytes)?;
        let has_memory = |section: &object::Section<'_, '_>| {
            !matches!(
                section.kind(),
                SectionKind::Other | SectionKind::Metadata | SectionKind::OtherString
            ) && section.address() != 0
        };
        let sections = file.sections().filter(has_memory);
        let sections =
            sections.map(|section| section.address()..section.address() + section.size());
        let named = file.symbols().filter_map(|symbol| {
            let name = symbol.name().ok().filter(|name| !name.is_empty())?;
            let name = addr2line::demangle_auto(name.into(), None).into_owned();
            Some((symbol.address(), short(&name).to_owned()))
        });
        let mut symbols: Vec<_> = named.collect();
        symbols.sort();
        Ok(Self {
            symbols,
            sections: sections.collect(),
        })
    }

    /// The symbol before `address` and the distance to it, such as `pecan::ipc::fast::entry+0x2a`; `None` outside of the
    /// file's code and data.
    pub fn at(&self, address: u64) -> Option<String> {
        let section = self
            .sections
            .iter()
            .find(|section| section.contains(&address))?;
        let after = self.symbols.partition_point(|(start, _)| *start <= address);
        let (start, name) = self.symbols[..after].last()?;
        section
            .contains(start)
            .then(|| format!("{name}+{:#x}", address - start))
    }
}

/// Without the hash that the compiler adds.
fn short(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((rest, hash)) if hash.len() == 16 => rest,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, short};

    #[test]
    fn the_nearest_symbol_before() {
        let names = Names {
            symbols: vec![(0x100, "a".into()), (0x180, "b".into())],
            sections: vec![0x100..0x200, 0x300..0x400],
        };
        let at = |address| names.at(address);
        assert_eq!(at(0x17F).as_deref(), Some("a+0x7f"));
        assert_eq!(at(0x180).as_deref(), Some("b+0x0"));
        assert_eq!((at(0xFF), at(0x200), at(0x300)), (None, None, None));
    }

    #[test]
    fn hashes_are_left_out() {
        assert_eq!(short("a::b::h0123456789abcdef"), "a::b");
        assert_eq!(short("a::handler"), "a::handler");
    }
}
